"""An S3-compatible store that knows ``If-None-Match`` (moto, in a thread of this process); s3rver does not.

It serves one request after the other: moto looks whether there is an object and writes it in two steps, and only so they are one, as S3 promises.
"""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from storage.settings import S3Storage


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def conditional_s3(secret_file: Path, bucket: str = "todoke") -> Iterator[S3Storage]:
    """Run the store with an empty bucket, and yield where it is. ``secret_file`` is written."""
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST"), timeout=30).close()
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{bucket}", method="PUT"), timeout=30).close()
        secret_file.touch(mode=0o600)
        secret_file.write_text("secret", "ascii")
        yield S3Storage(
            name="bucket", kind="s3", bucket=bucket, endpoint=endpoint, access_key_id="key", secret_key_file=secret_file, prefix="right"
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
