"""The child process: documents on stdin → responses on stdout. ``python -m plugins.partners.sandbox.child '{limits}'``.

feedparser needs minutes for some documents of one megabyte, and a parser of hostile markup or pictures may ask for any amount of memory. In
this process they can: the limits are set before anything is parsed, and ``pool`` kills the process at the end of its time.

A request and an answer look alike: one line of JSON with ``size``, then so many bytes. Jobs are ``feed``, ``page``, ``opml``, ``picture`` and ``attachment``.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from plugins.partners.model.parsed import to_json

Answer = tuple[dict[str, Any], bytes]


def main() -> None:
    """Answer until stdin ends."""
    limits = json.loads(sys.argv[1])
    set_limit("RLIMIT_AS", limits["memory_bytes"])
    set_limit("RLIMIT_CORE", 0)  # a core dump would put a stranger's bytes, and ours, on the disk
    serve(sys.stdin.buffer, sys.stdout.buffer, limits["cpu_seconds"])


def serve(requests: BinaryIO, responses: BinaryIO, cpu_seconds: int) -> None:
    """Answer every request. After an error the process is of no more use, and its parent ends it."""
    while line := requests.readline():
        # RLIMIT_CPU counts from the start of the process, which serves many documents: so it is raised before each.
        set_limit("RLIMIT_CPU", int(time.process_time()) + 1 + cpu_seconds, soft=True)
        head, content = answer(json.loads(line), requests)
        responses.write(json.dumps({**head, "size": len(content)}).encode("ascii") + b"\n" + content)
        responses.flush()


def answer(options: dict[str, Any], requests: BinaryIO) -> Answer:
    """Do one job."""
    body = requests.read(options["size"])
    try:
        return _JOBS[options["job"]](body, options)
    except Exception as error:  # whatever a library raises for a stranger's bytes
        return {"error": f"{type(error).__name__}: {str(error)[:300]}"}, b""


def set_limit(name: str, amount: int, *, soft: bool = False) -> None:
    """Set one limit if the system can (Windows cannot: there the parent's clock remains). A soft limit can be raised again."""
    try:
        import resource
    except ImportError:
        return
    kind = getattr(resource, name)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS; a hard limit that is lower already is as good
        resource.setrlimit(kind, (amount, resource.getrlimit(kind)[1] if soft else amount))


def _feed(body: bytes, options: dict[str, Any]) -> Answer:
    from plugins.partners.parse.feeds import read_feed

    return {}, json.dumps(to_json(read_feed(body, options)), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _page(body: bytes, options: dict[str, Any]) -> Answer:
    from plugins.partners.parse.discovery import feed_links

    return {}, json.dumps(feed_links(body, options["url"], options["content_type"])).encode()


def _opml(body: bytes, _options: dict[str, Any]) -> Answer:
    from plugins.partners.parse.discovery import opml_feeds

    return {}, json.dumps(opml_feeds(body)).encode()


def _picture(body: bytes, _options: dict[str, Any]) -> Answer:
    from plugins.partners.sandbox.reencode import reencode
    from plugins.partners.sandbox.svg import clean_svg, is_svg

    suffix, data = ("svg", clean_svg(body)) if is_svg(body) else reencode(body)
    return {"suffix": suffix}, data


def _attachment(body: bytes, _options: dict[str, Any]) -> Answer:
    from plugins.partners.sandbox.attachment import check_attachment

    suffix, data = check_attachment(body)
    return {"suffix": suffix}, data


_JOBS: dict[str, Callable[[bytes, dict[str, Any]], Answer]] = {
    "feed": _feed,
    "page": _page,
    "opml": _opml,
    "picture": _picture,
    "attachment": _attachment,
}

if __name__ == "__main__":
    main()
