"""Bytes of a feed → ParsedFeed, through a child process that can be killed.

Raises ParseError for what is no feed and for what goes past a limit.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .errors import ParseError
from .raw import ParsedFeed, from_json

ROOT = Path(__file__).resolve().parents[2]
"""Where ``plugins`` is, so that the child finds it from any working directory."""

_HTML = re.compile(rb"^(?:\xef\xbb\xbf)?(?:\s|<\?xml[^>]*\?>|<!--.*?-->)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_ENVIRONMENT = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class ParseLimits:
    """Seconds of processor and of wall clock, bytes of address space, entries of one feed."""

    cpu_seconds: int = 20
    wall_seconds: float = 40.0
    memory_bytes: int = 1024 * 1024 * 1024
    max_entries: int = 1000


@dataclass(frozen=True)
class Source:
    """Where bytes came from: the address they were read from, its Content-Type, and the blog's home page."""

    url: str
    content_type: str
    site: str


def parse(body: bytes, source: Source, limits: ParseLimits) -> ParsedFeed:
    """Parse ``body``. Blocks for at most ``limits.wall_seconds``; call it in a thread."""
    if looks_like_html(body):
        raise ParseError(
            "フィードではなく HTML のページが返りました。アドレスを確かめてください / an HTML page, not a feed: check the address"
        )
    feed = _read(_run(body, _options(source, limits), limits))
    if not feed.version:
        raise ParseError("フィードとして読めません / not a feed in a known format")
    return feed


def looks_like_html(body: bytes) -> bool:
    """Tell whether ``body`` begins as a web page does; error pages come with status 200, too."""
    return bool(_HTML.match(body[:2000]))


def _options(source: Source, limits: ParseLimits) -> str:
    """Return the child's options as JSON, in ASCII and without line breaks."""
    return json.dumps(
        {
            "url": source.url,
            "site": source.site,
            "content_type": source.content_type[:200],
            "max_entries": limits.max_entries,
            "cpu_seconds": limits.cpu_seconds,
            "memory_bytes": limits.memory_bytes,
        }
    )


def _run(body: bytes, options: str, limits: ParseLimits) -> bytes:
    """Run the child on ``body`` and return its output. It gets no secrets from our environment."""
    command = [sys.executable, "-X", "utf8", "-m", "plugins.partners.child", options]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the only argument from outside is one JSON string
            command, input=body, capture_output=True, timeout=limits.wall_seconds, cwd=ROOT, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ParseError(f"読み取りに時間がかかりすぎます / reading took longer than {limits.wall_seconds:g} s") from error
    if done.returncode:
        raise ParseError(_death(done.returncode, done.stderr))
    return done.stdout


def _death(status: int, stderr: bytes) -> str:
    """Say why the child died: a limit, or a fault with the last line of its traceback."""
    if status in (-getattr(signal, "SIGXCPU", 0), -getattr(signal, "SIGKILL", 0)):
        return "読み取りの計算が多すぎます / reading went past the processor limit"
    last = stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
    if "MemoryError" in last or "out of memory" in last:
        return "読み取りのメモリーが足りません / reading went past the memory limit"
    return f"読み取りが失敗しました / reading failed ({status}): {last}"


def _read(output: bytes) -> ParsedFeed:
    try:
        return from_json(json.loads(output))
    except (ValueError, KeyError, TypeError) as error:
        raise ParseError(f"読み取りの結果がこわれています / the reader's output is broken: {error}") from error
