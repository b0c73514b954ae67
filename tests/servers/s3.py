"""An S3-compatible store (s3rver) with buckets that anybody can read, on this machine or on a host of its own."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from obstore.store import S3Store

from demo.servers import free_port

ACCOUNT = "S3RVER"
"""Access key and secret of the only account that s3rver has."""


@contextmanager
def s3_server(folder: Path, *buckets: str, address: str = "127.0.0.1", within: Sequence[str] = (), port: int = 0) -> Iterator[str]:
    """Run the store and yield its address. ``within`` is a command that runs it elsewhere."""
    program = Path("tests/node/node_modules/.bin/s3rver")
    assert program.exists(), "npm ci --prefix tests/node"
    port = port or free_port()
    command = [*within, str(program), "-d", str(folder), "-a", address, "-p", str(port), "--silent"]
    with subprocess.Popen([*command, *(word for name in buckets for word in ("--configure-bucket", name))]) as process:
        try:
            while not answers(f"http://{address}:{port}/"):
                assert process.poll() is None
            yield f"http://{address}:{port}"
        finally:
            process.terminate()


def open_bucket(endpoint: str, name: str) -> S3Store:
    """Return a bucket of the store."""
    return S3Store(
        name,
        endpoint=endpoint,
        region="us-east-1",
        access_key_id=ACCOUNT,
        secret_access_key=ACCOUNT,
        client_options={"allow_http": True},
    )


def answers(url: str) -> bool:
    """Whether a web server answers, whatever it says."""
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
