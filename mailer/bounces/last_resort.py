"""Asks flufl.bounce about what nothing else understood, in a process of its own.

The library raises on odd mail, and its patterns take long over some. So it has a process with bounded memory and time; one that does not answer is
killed, and the message is not understood. flufl.bounce tells the addresses that failed and not why: the reason comes from the prose.
"""

from __future__ import annotations

import json
import selectors
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Self

SECONDS = 5.0
MEGABYTES = 512
LARGEST = 1_000_000  # bytes of a message that the process is given
LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Failures:
    """Addresses that flufl.bounce found."""

    permanent: tuple[str, ...]
    temporary: tuple[str, ...]


NONE = Failures((), ())


@dataclass
class LastResort:
    """The process, started when it is first asked. Use it in a `with` block; one thread at a time."""

    seconds: float = SECONDS
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def failures(self, content: bytes) -> Failures:
        """The addresses that failed; none if the library raises, is too slow or needs too much memory."""
        process = self._process = self._process or _start()
        assert process.stdin is not None and process.stdout is not None
        with suppress(OSError, ValueError):
            portion = content[:LARGEST]
            process.stdin.write(LENGTH.pack(len(portion)) + portion)
            process.stdin.flush()
            answer = _line(process.stdout, self.seconds)
            if answer:
                return _parse(answer)
        self.close()
        return NONE

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mailer.bounces.last_resort"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - our own module


def _line(stream: IO[bytes], seconds: float) -> bytes:
    """One line, or nothing if it does not come in time. The process writes a line at once, so that it does not come in pieces."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return stream.readline(100_000) if selector.select(seconds) else b""


def _parse(answer: bytes) -> Failures:
    permanent, temporary = json.loads(answer)
    return Failures(tuple(permanent), tuple(temporary))


def _limit() -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limits; there the time alone bounds it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20, MEGABYTES << 20))


def main() -> None:
    """Answer messages from standard input until it ends: their length in four bytes, then their bytes; one line of JSON each."""
    from email import message_from_bytes

    from flufl.bounce import all_failures

    _limit()
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        content = source.read(LENGTH.unpack(head)[0])
        addresses: list[list[str]] = [[], []]
        with suppress(Exception):  # of whatever kind: flufl.bounce raises on odd mail
            temporary, permanent = all_failures(message_from_bytes(content))
            addresses = [sorted(each.decode("utf-8", "replace")[:254] for each in group)[:50] for group in (permanent, temporary)]
        answers.write(json.dumps(addresses).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
