"""A mirror in a bucket of a real S3-compatible server, for the tests of the publisher."""

from __future__ import annotations

import asyncio
from typing import Any

import obstore

from publisher.release.store import SignedRelease
from publisher.targets.s3 import S3Target
from publisher.targets.target import Inspection, Published
from tests.samples.publishing.releases import Publishing
from tests.servers.s3 import open_bucket


class BucketMirror:
    """A mirror in a bucket. ``place`` is the address of the store and the name of the bucket."""

    def __init__(self, place: tuple[str, str], publishing: Publishing) -> None:
        self.place, self.bucket, self.publishing = place, open_bucket(*place), publishing
        self.target = S3Target("bucket", self.bucket, lambda: publishing.now, publishing.store.find)

    def publish(self, signed: SignedRelease, progress: Any = lambda *_: None) -> Published:
        return asyncio.run(self.target.publish(signed, self.publishing.store.object, progress))

    def publish_urgently(self, signed: SignedRelease, progress: Any = lambda *_: None) -> Published:
        return asyncio.run(self.target.publish_urgently(signed, self.publishing.store.object, progress))

    def inspect(self, signed: SignedRelease, *, reads_all: bool) -> Inspection:
        return asyncio.run(self.target.inspect(signed, self.publishing.store.object, reads_all=reads_all))

    def shown(self) -> dict[str, bytes]:
        names = [item["path"] for page in obstore.list(self.bucket) for item in page]
        return {name: bytes(obstore.get(self.bucket, name).bytes()) for name in names if not name.startswith((".well-known/", ".todoke/"))}
