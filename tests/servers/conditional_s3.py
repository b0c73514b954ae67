"""An S3-compatible store that knows ``If-None-Match`` (moto, in a thread of this process); s3rver does not."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moto.server import ThreadedMotoServer

from storage.settings import S3Storage


@contextmanager
def conditional_s3(secret_file: Path, bucket: str = "todoke") -> Iterator[S3Storage]:
    """Run the store with an empty bucket, and yield where it is. ``secret_file`` is written."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{bucket}", method="PUT"), timeout=30).close()
        secret_file.touch(mode=0o600)
        secret_file.write_text("secret", "ascii")
        yield S3Storage(
            name="bucket", kind="s3", bucket=bucket, endpoint=endpoint, access_key_id="key", secret_key_file=secret_file, prefix="right"
        )
    finally:
        server.stop()
