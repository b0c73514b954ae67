"""The status page (static HTML) and the metrics (text format of Prometheus, for node_exporter's textfile collector)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from string import Template

from verifier.alarm import line, plain
from verifier.model import KINDS
from verifier.view import View
from verifier.watch import Watch, write

SHOWN = 100
JAPAN = dt.timezone(dt.timedelta(hours=9))


def write_status(watch: Watch, folder: Path) -> None:
    """Write ``index.html`` and ``verifier.prom``."""
    write(folder / "index.html", page(watch).encode())
    write(folder / "verifier.prom", "".join(f"{row}\n" for row in metrics(watch)).encode())


def page(watch: Watch) -> str:
    """Return the page; every word that a mirror could have chosen is escaped."""
    now, findings = watch.clock(), watch.findings()
    state = (
        "異常があります"
        if findings
        else "公開したとおりです"
        if any(view.trust.release for view in watch.views)
        else "まだ確かめていません"
    )
    en = f"{len(findings)} findings" if findings else "As released" if state == "公開したとおりです" else "Nothing was seen so far"
    past = [
        f"<td data-name='時刻'>{_moment(float(str(row['at'])))}</td><td data-name='内容'>{_event(row)}</td>"
        for row in reversed(watch.history[-SHOWN:])
    ]
    template = Template(Path(__file__).with_name("status.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=f"{'⚠ ' if findings else ''}{state} - 公開先の見張り",
        state=f"{state} <span lang='en'>{en}</span>",
        state_class="bad" if findings else "good",
        moment=dt.datetime.fromtimestamp(now, JAPAN).isoformat(timespec="seconds"),
        moment_words=_moment(now),
        views=_rows(_view(watch, view) for view in watch.views),
        findings=f"<ul>{''.join(f'<li>{escape(line((key, each, False)))}</li>' for key, each in findings.items())}</ul>"
        if findings
        else _NONE,
        history=f"<table><thead><tr><th scope='col'>時刻 <span lang='en'>Time</span></th><th scope='col'>内容 <span lang='en'>What</span></th></tr></thead><tbody>{_rows(past)}</tbody></table>"
        if past
        else _NONE,
    )


_NONE = "<p>ありません <span lang='en'>None</span></p>"


def _view(watch: Watch, view: View) -> str:
    bad = [key.kind for key in watch.findings() if (key.mirror, key.family) == (view.mirror.name, view.family)]
    words = "、".join(f"{KINDS[kind][0]}（{bad.count(kind)}）" for kind in dict.fromkeys(bad)) or (
        "この経路にはありません" if view.is_absent else "正常 OK"
    )
    release, expires = view.trust.release, view.trust.release.expires if view.trust.release else None
    cells = (
        ("経路", {"ipv4": "IPv4", "ipv6": "IPv6"}[view.family]),
        ("状態", f"<span class='{'bad' if bad else 'soft' if view.is_absent else 'good'}'>{escape(words)}</span>"),
        ("版", str(release.number) if release else "-"),
        ("署名の期限", _moment(expires.timestamp()) if expires else "-"),
        ("応答", f"{view.seconds:.2f} s" if release else "-"),
    )
    return f"<th scope='row'>{escape(view.mirror.name)}</th>" + "".join(f"<td data-name='{name}'>{cell}</td>" for name, cell in cells)


def _event(row: dict[str, object]) -> str:
    kind = KINDS[str(row["kind"])]
    place = " ".join(str(row[part]) for part in ("mirror", "family", "subject") if row[part])
    return escape(plain(f"{'解消 Over' if row['is_over'] else '発見 Found'}: {place}: {kind[0]} {kind[1]}. {row['words']}"))


def _rows(rows: Iterable[str]) -> str:
    return "\n".join(f"<tr>{row}</tr>" for row in rows)


def _moment(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, JAPAN):%Y-%m-%d %H:%M:%S} JST"


def metrics(watch: Watch) -> Iterator[str]:
    """Return the lines, as the text exposition format has them: all of one name stand together."""
    found: dict[str, list[str]] = {"last_look_timestamp_seconds": [f" {watch.clock():.0f}"]}
    for view in watch.views:
        release = view.trust.release
        values = {"last_proof_timestamp_seconds": view.proven, "answer_seconds": round(view.seconds, 3)}
        values |= {"release_number": release.number} if release else {}
        values |= {"signature_expires_timestamp_seconds": release.expires.timestamp()} if release and release.expires else {}
        for name, value in values.items():
            found.setdefault(name, []).append(f'{{mirror="{_label(view.mirror.name)}",family="{view.family}"}} {value}')
    found["findings"] = [f'{{kind="{kind}"}} {sum(key.kind == kind for key in watch.findings())}' for kind in KINDS]
    for name, rows in found.items():
        yield f"# TYPE verifier_{name} gauge"
        yield from (f"verifier_{name}{row}" for row in rows)


def _label(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
