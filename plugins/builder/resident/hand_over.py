"""Hands a build over to the process that stays beside the output, if one lives there, and says what it answered.

The door is a UNIX socket in the folder ``resident/`` of the output, which no web server serves. The folder is this account's alone (0700), and the peer has
to be of this account (``SO_PEERCRED``, unix(7)). One line of JSON each way. Where there is none of it (Windows, macOS), every build builds by itself.

Imported by every `todoke build`: what talks is loaded only if there is a socket.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plugins.builder.build_inputs import options_text
from plugins.builder.options import BuildFailed, BuildOptions, BuildReport
from plugins.builder.up_to_date import input_digests, report_of, summary_of
from plugins.clock import parse_moment
from plugins.diagnostics import ContentErrors, Diagnostic

if TYPE_CHECKING:
    from socket import socket

FOLDER = "resident"
SOCKET = "socket"
FORMAT = 1

_CODE = Path(__file__).parents[2]

_NEVER = 1 << 62
"""A moment after which nothing has changed: sizes and times are enough."""

_SOON = 2.0
"""Seconds in which the other side takes a request. It is busy, or stands still, if it does not: then this process builds by itself."""

_LONGEST = 1 << 26
"""Bytes of a message: the reasons of ten thousand pages take two million."""


def hand_over(options: BuildOptions) -> BuildReport | None:
    """Return what the resident build answered; None if there is none, or it does not take this build. Raises as `plugins.builder.run.build` does."""
    folder = options.output.absolute() / FOLDER
    if sys.platform != "linux" or options.fresh or not is_private(folder):
        return None
    try:
        answer = _ask(folder, request_of(options))
    except (OSError, ValueError):  # it ended, or stands still
        return None
    return _result(options, answer)


def request_of(options: BuildOptions) -> dict[str, Any]:
    """Return what the other side has to know: its own options but for these have to be the same."""
    own = {"format": FORMAT, "options": options_text(options), "code": code_digest(options)}
    return {**own, "now": options.now.isoformat(), "strict": options.strict}


def code_digest(options: BuildOptions) -> str:
    """Return a digest of the program and of the settings, which are code too: a process goes on with those that it was started with."""
    settings = (options.settings.absolute(), *(_CODE.parent / name for name in ("pelicanconf.py", "publishconf.py")))
    return input_digests((str(_CODE), *map(str, settings)), "", _NEVER)[0]


def options_from(request: Mapping[str, Any], own: BuildOptions) -> BuildOptions | None:
    """Return the options of a request; None if it is of another version, or asks for another build than ``own``. Raises `ValueError`."""
    if request.get("format") != FORMAT or request.get("options") != options_text(own):
        return None
    return replace(own, now=parse_moment(str(request.get("now"))), strict=request.get("strict") is True)


def answer_of(report: BuildReport) -> dict[str, Any]:
    """Return a report as JSON holds it."""
    counts = {name: getattr(report, name) for name in ("seconds", "rendered", "changed", "removed")}
    return {"report": summary_of(report), "counts": {**counts, "kept": report.kept, "reasons": dict(report.reasons)}}


def refusal_of(error: ContentErrors | BuildFailed) -> dict[str, Any]:
    """Return an error as JSON holds it."""
    if isinstance(error, ContentErrors):
        return {"errors": [each.as_record() for each in error.diagnostics]}
    return {"failed": str(error)}


def _result(options: BuildOptions, answer: Mapping[str, Any]) -> BuildReport | None:
    if "errors" in answer:
        raise ContentErrors(map(Diagnostic.from_record, answer["errors"]))
    if "failed" in answer:
        raise BuildFailed(answer["failed"])
    if "report" not in answer:
        return None
    return replace(report_of(options.output.absolute(), answer["report"]), **answer["counts"])


def _ask(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """Raises `OSError`, `ValueError`."""
    import socket

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SOON)
            connection.connect(
                f"/proc/self/fd/{descriptor}/{SOCKET}"
            )  # sun_path has 108 bytes, and the folder cannot be exchanged meanwhile
            if peer(connection) != os.getuid():
                raise OSError("a socket of somebody else")
            write_line(connection, request)
            lines = connection.makefile("rb")
            if json.loads(lines.readline(_LONGEST)) != {"taken": True}:
                return {}
            connection.settimeout(None)  # from here on its end is noticed, and a build takes as long as it takes
            answer: dict[str, Any] = json.loads(lines.readline(_LONGEST))
            return answer
    finally:
        os.close(descriptor)


def peer(connection: socket) -> int:
    """Return the user of the process at the other end (unix(7)): process, user and group as three numbers."""
    import socket
    import struct

    return int(struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))[1])


def write_line(connection: socket, message: Mapping[str, Any]) -> None:
    """Write one message. Raises `OSError`."""
    connection.sendall(json.dumps(message, ensure_ascii=True).encode() + b"\n")


def read_line(connection: socket) -> Any:
    """Read one message. Raises `OSError`, `ValueError`."""
    return json.loads(connection.makefile("rb").readline(_LONGEST))


def is_private(folder: Path) -> bool:
    """Tell whether ``folder`` is a folder, no link, of this account, that nobody else may enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) == 0o700
