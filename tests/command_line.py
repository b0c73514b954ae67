"""A command as a process of its own with real files, pipes and terminals, without a second of imports for each: forked like those of `tests.fork`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import fork

NO_STREAM = ""
"""Instead of the path of a stream: the command is started without it, as the shell does with ``>&-``."""
NO_READER = "|"
"""Instead of the path of a stream: a pipe whose reader has gone away."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status, and the bytes that it wrote."""

    status: int
    out: bytes
    err: bytes


def run(
    *words: str, folder: Path | None = None, encoding: str = "utf-8", stdout: str | None = None, stderr: str | None = None, **environ: str
) -> Ended:
    """Run ``todoke WORDS`` in ``folder``. ``encoding`` is that of its streams, as ``PYTHONIOENCODING`` sets it."""
    with TemporaryDirectory() as temporary:
        kept = Path(temporary, "out"), Path(temporary, "err")
        paths = {1: str(kept[0]) if stdout is None else stdout, 2: str(kept[1]) if stderr is None else stderr}
        process = fork.start(run_here, words, str(folder or Path.cwd()), paths, encoding, environ, is_daemon=False)
        process.join()
        assert process.exitcode is not None
        return Ended(process.exitcode, *(file.read_bytes() if file.exists() else b"" for file in kept))


def run_on_terminal(*words: str, **environ: str) -> str:
    """Run ``todoke WORDS`` on a colour terminal, and return what the terminal gets."""
    ours, theirs = os.openpty()
    name = os.ttyname(theirs)
    screen = {"TERM": "xterm-256color", "COLUMNS": "200"} | environ
    process = fork.start(run_here, words, str(Path.cwd()), {1: name, 2: name}, "utf-8", screen, is_daemon=False)
    process.join()
    os.close(theirs)
    shown = b""
    try:
        while block := os.read(ours, 65536):
            shown += block
    except OSError:  # Linux ends a terminal that no program has open any more this way
        pass
    os.close(ours)
    return shown.decode()


def run_here(words: tuple[str, ...], folder: str, streams: Mapping[int, str], encoding: str, environ: Mapping[str, str]) -> None:
    """Run it in this process, which ends with it."""
    os.chdir(folder)
    os.environ |= environ
    sys.path.insert(0, "")
    for number, path in streams.items():
        _open_stream(number, path)
    sys.stdout, sys.stderr = (
        None if streams[number] == NO_STREAM else io.TextIOWrapper(open(number, "wb", closefd=False), encoding=encoding)  # noqa: SIM115
        for number in (1, 2)
    )
    sys.argv = ["todoke", *words]
    import todoke

    try:
        todoke.main()
    except SystemExit as end:
        os._exit(int(end.code or 0))


def _open_stream(number: int, path: str) -> None:
    if path == NO_STREAM:
        os.close(number)
        return
    if path == NO_READER:
        reader, opened = os.pipe()
        os.close(reader)
    else:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOCTTY)
    os.dup2(opened, number)
    os.close(opened)
