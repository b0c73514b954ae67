"""The status page (static HTML) and the metrics (text format of Prometheus, for node_exporter's textfile collector)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template

from alarm.memory import write
from alarm.words import WORDS, line
from verifier.model import Finding
from verifier.watch import View, Watch

SHOWN = 100
JAPAN = dt.timezone(dt.timedelta(hours=9))
NONE = "<li>ありません <span lang='en'>None</span></li>"


def write_status(watch: Watch, history: Sequence[Finding], folder: Path) -> None:
    """Write ``index.html`` and ``verifier.prom``."""
    write(folder / "index.html", page(watch, history).encode())
    write(folder / "verifier.prom", "".join(f"{row}\n" for row in metrics(watch)).encode())


def page(watch: Watch, history: Sequence[Finding]) -> str:
    """Return the page; every word that a mirror could have chosen is escaped."""
    findings = watch.findings()
    state, en = ("異常があります", f"{len(findings)} findings") if findings else ("公開したとおりです", "As released")
    if not findings and not any(view.release.number for view in watch.views):
        state, en = "まだ確かめていません", "Nothing was seen so far"
    template = Template(Path(__file__).with_name("status.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=f"{'⚠ ' if findings else ''}{state} - 公開先の見張り",
        state=f"{state} <span lang='en'>{en}</span>",
        state_class="bad" if findings else "good",
        moment=_moment(watch.clock()),
        views="\n".join(_row(watch, view) for view in watch.views),
        findings="\n".join(f"<li>{escape(line(each))}</li>" for each in findings) or NONE,
        history="\n".join(f"<li>{_moment(each.last)} {escape(line(each))}</li>" for each in reversed(history[-SHOWN:])) or NONE,
    )


def _row(watch: Watch, view: View) -> str:
    bad = [each.kind for each in watch.findings() if (each.mirror, each.family) == (view.mirror.name, view.family)]
    words = "、".join(f"{WORDS[kind][0]}（{bad.count(kind)}）" for kind in dict.fromkeys(bad))
    is_absent, release = view.trust.is_absent, view.release
    cells = {
        "経路": view.family.replace("ip", "IP"),
        "状態": f"<span class='{'bad' if bad else 'soft' if is_absent else 'good'}'>"
        f"{words or ('この経路にはありません' if is_absent else '正常 OK')}</span>",
        "版": str(release.number or "-"),
        "署名の期限": _moment(release.expires.timestamp()) if release.expires else "-",
        "応答": f"{view.seconds:.2f} s" if release.number else "-",
    }
    row = "".join(f"<td data-name='{name}'>{cell}</td>" for name, cell in cells.items())
    return f"<tr><th scope='row'>{escape(view.mirror.name)}</th>{row}</tr>"


def _moment(at: float) -> str:
    moment = dt.datetime.fromtimestamp(at, JAPAN)
    return f"<time datetime='{moment.isoformat(timespec='seconds')}'>{moment:%Y-%m-%d %H:%M:%S} JST</time>"


def metrics(watch: Watch) -> Iterator[str]:
    """Return the lines, as the text exposition format has them: all of one name stand together."""
    kinds = [each.kind for each in watch.findings()]
    samples: list[tuple[str, str, float]] = [("last_look_timestamp_seconds", "", round(watch.clock()))]
    samples += [("findings", f'kind="{kind}"', kinds.count(kind)) for kind in WORDS]
    for view in watch.views:
        labels = f'mirror={json.dumps(view.mirror.name, ensure_ascii=False)},family="{view.family}"'
        samples += [("last_proof_timestamp_seconds", labels, view.trust.proven), ("answer_seconds", labels, round(view.seconds, 3))]
        samples += [("release_number", labels, view.release.number)] if view.release.number else []
        samples += [("signature_expires_timestamp_seconds", labels, each.timestamp()) for each in [view.release.expires] if each]
    for name, rows in groupby(sorted(samples), lambda sample: sample[0]):
        yield f"# TYPE verifier_{name} gauge"
        yield from (f"verifier_{name}{{{labels}}} {value}" for _, labels, value in rows)
