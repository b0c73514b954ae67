r"""The one way out: everything that the program prints goes through the streams of `guard_output`, whoever wrote it and whatever printed it.

Click and Typer, Rich, logs, warnings and tracebacks all end at ``sys.stdout`` and ``sys.stderr``. There

1. a character that a terminal obeys is written out (`visible`): no file name, feed, reply or commit can move the cursor, hide a word or set a title,
2. a character that the terminal's encoding lacks is written out in the same form, so that no encoding ends a command,
3. an output that cannot be written (a full disk, a closed pipe) ends no command half way: the work is finished, and `Output.finish` says it.

The form is JSON's (``\u001b``, RFC 8259 section 7), so that a JSON document stays one in every encoding.
"""

from __future__ import annotations

import codecs
import errno
import importlib.util
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 (ECMA-48), but tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # what turns the reading direction (UAX #9), and its deprecated kin
    "\u2028\u2029\ufeff\ufff9-\ufffb"  # ends of lines, byte-order mark, annotations
    "\ud800-\udfff]"  # bytes of a file name that are no text; some encodings would write them as they are, C1 included
)
_RICH = "rich.console"

EX_IOERR = 74
"""Exit status of a command that did its work and could not print all of its answer (sysexits.h)."""
ESCAPES = "todoke.json_escapes"
"""Name of the error handler for characters that an encoding lacks."""


def visible(text: str) -> str:
    r"""Return ``text`` with each character that a terminal obeys written out, such as ``\u001b``. Tab and line feed stay."""
    return CONTROLS.sub(lambda control: _json_escape(control[0]), text)


def _json_escape(text: str) -> str:
    r"""Return each character as ``\uXXXX``, one beyond the BMP as two surrogates (RFC 8259 section 7)."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _json_escape(error.object[error.start : error.end]), error.end


codecs.register_error(ESCAPES, _escape_unencodable)


class _Sink:
    """A stream of the system that never fails: what it cannot write is lost, and ``failure`` says why."""

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream
        """None: the program was started without it (``>&-``)."""
        self.failure: OSError | None = None

    def write(self, text: str) -> None:
        """Write ``text`` as it is."""
        with self._failures():
            if self.stream is None:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            try:
                self.stream.write(text)
            except UnicodeError:  # an encoding that is none for any text, such as idna
                cast("io.TextIOWrapper", self.stream).reconfigure(encoding="ascii", errors=ESCAPES)
                self.stream.write(text)

    def flush(self) -> None:
        """Write what is buffered."""
        with self._failures():
            if self.stream is not None:
                self.stream.flush()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Remember a failure, and let the rest of the buffer run into the null device, so that the interpreter's end does not try it again."""
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error
            if self.stream is not None:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, self.stream.fileno())
                os.close(null)


class SafeStream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr``: what is written is made `visible`. It never fails.

    ``trusted`` is the same stream for Rich alone, whose colours and bars are controls of our own. There is no ``buffer``: Click takes that for a way past
    a stream whose encoding is ASCII.
    """

    errors = ESCAPES

    def __init__(self, sink: _Sink, *, is_trusted: bool = False) -> None:
        self._sink = sink
        self._prepare = str if is_trusted else visible
        self.trusted = self if is_trusted else SafeStream(sink, is_trusted=True)

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute; Python's own class has a read-only one
        """The encoding of the terminal, pipe or file."""
        return getattr(self._sink.stream, "encoding", None) or "utf-8"

    @property
    def failure(self) -> OSError | None:
        """Why something could not be written, or None."""
        return self._sink.failure

    @property
    def closed(self) -> bool:
        """Whether nobody reads any more: a command that shows something again and again may end."""
        return self.failure is not None

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        return self._sink.stream is not None and self._sink.stream.isatty()

    def fileno(self) -> int:
        """Return the file descriptor, for the size of the screen."""
        return super().fileno() if self._sink.stream is None else self._sink.stream.fileno()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Write ``text``."""
        self._sink.write(self._prepare(text))
        return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        self._sink.flush()

    def close(self) -> None:
        """Flush only: the stream is needed to the last word. Python's own end, and a test's, may have closed it before this object goes."""
        if self._sink.stream is None or not self._sink.stream.closed:
            self.flush()


@dataclass(frozen=True)
class Output:
    """The two guarded streams of the process."""

    out: SafeStream
    err: SafeStream

    def finish(self, status: int) -> int:
        """Flush both streams, say if the answer could not be written, and return the exit status: ``status``, or `EX_IOERR` instead of 0."""
        self.out.flush()
        if self.out.failure is not None:
            why = self.out.failure.strerror
            self.err.write(f"結果を最後まで出せませんでした（{why}）。処理は終わっています / standard output could not be written: {why}\n")
            status = status or EX_IOERR
        self.err.flush()
        return status


def guard_output() -> Output:
    """Put guarded streams in the place of ``sys.stdout`` and ``sys.stderr``, and let Rich write through them. For the start of a process."""
    if isinstance(sys.stdin, io.TextIOWrapper):  # what somebody types, in whatever encoding, is an answer or none
        sys.stdin.reconfigure(errors="backslashreplace")
    out, err = guard(sys.stdout), guard(sys.stderr)
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", err)
    _guard_rich()
    return Output(out, err)


def guard(stream: TextIO | None) -> SafeStream:
    """Return the stream that writes to ``stream``, or to nothing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=ESCAPES)
    return SafeStream(_Sink(stream))


class _RichImport:
    """Guards Rich as soon as it is imported, by us or by Typer: to import it takes a fifth of a build with nothing to do, which prints one plain line."""

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> ModuleSpec | None:
        """Return the spec of Rich's console with a last step, and None for every other module."""
        if fullname != _RICH:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_guard(module: ModuleType) -> None:
            execute(module)
            _guard_console(module.Console)

        setattr(spec.loader, "exec_module", execute_and_guard)  # noqa: B010 - typeshed has a method that nobody may replace
        return spec


def _guard_rich() -> None:
    """Guard Rich now or when it comes."""
    if _RICH in sys.modules:
        _guard_console(sys.modules[_RICH].Console)
    else:
        sys.meta_path.insert(0, _RichImport())


def _guard_console(console_class: Any) -> None:
    """Make every console of Rich, Typer's included, write out the controls in what it is given, and keep those that it makes itself.

    Rich joins both when it writes, and then nobody can tell them apart. `Console.render` is the last step where they are separate.
    """
    render, find_file = console_class.render, console_class.file.fget

    def render_safely(console: Console, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        if options is not None and options.overflow == "ellipsis" and not options.no_wrap:
            # A sentence in Japanese has no spaces: Rich takes it for a word, and cuts one that is wider than its column.
            options = options.update(overflow="fold")
        for segment in render(console, renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))

    def trusted_file(console: Console) -> object:
        file = find_file(console)
        return file.trusted if isinstance(file, SafeStream) else file

    console_class.render, console_class.file = render_safely, console_class.file.getter(trusted_file)
