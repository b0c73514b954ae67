"""A real nginx on loopback, for the tests of the publisher."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.servers import free_port

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


def write_nginx_config(folder: Path, listen: str, locations: str) -> list[str]:
    """Write a configuration with one server, and return the command that runs it. ``folder`` gets its files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    types = "types { text/html html; text/css css; image/svg+xml svg; image/webp webp; image/png png; }\ncharset utf-8;\n"
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nuser root;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{types}"
        f"server {{\nlisten {listen};\n{locations}\n}}\n}}\n",
        encoding="utf-8",
    )
    return [NGINX, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]


@contextmanager
def nginx(folder: Path, locations: str) -> Iterator[int]:
    """Serve, and yield the port."""
    port = free_port()
    with subprocess.Popen(write_nginx_config(folder, f"127.0.0.1:{port}", locations)) as process:
        try:
            while not _is_listening(port):
                assert process.poll() is None, (folder / "error.log").read_text()
            yield port
        finally:
            process.terminate()


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
