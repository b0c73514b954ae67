"""`todoke build`. What it needs is imported when it runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from plugins.cli.console import (
    Content,
    Format,
    FormatName,
    Now,
    Output,
    Toml,
    moment,
    print_diagnostics,
    progress,
    require,
    say,
    stop,
    stop_held_back,
    stop_with_errors,
)

if TYPE_CHECKING:
    from plugins.builder.options import BuildOptions, BuildReport
    from plugins.diagnostics import Diagnostic

SiteUrl = Annotated[str, typer.Option(help="サイトのアドレス（省けば publications.toml）。 The site's address.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="前のできあがりを使わず、すべて作り直す。 Take nothing over from the last build.")]
Explain = Annotated[str | None, typer.Option(metavar="PATH", help="そのページを作り直した理由。 Why the page was rendered or not.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="すべて作り直したものと、一字一句比べる。 Compare with a full build, byte for byte.")
]
Strict = Annotated[bool, typer.Option("--strict", help="まちがいが一つでもあれば、何も変えない。 Change nothing if any file is at fault.")]
Stay = Annotated[
    bool,
    typer.Option(
        "--stay",
        help="作ったあとも動き続け、このフォルダーへのほかの build を引き受ける（Linux）。 Build, then stay in memory and take over every other build into this folder.",
    ),
]


def build(
    context: typer.Context,
    now: Now = None,
    content: Content = Path("content"),
    output: Output = Path("output"),
    publications: Toml = Path("publications.toml"),
    site_url: SiteUrl = "",
    fresh: Fresh = False,
    explain: Explain = None,
    verify: Verify = False,
    strict: Strict = False,
    stay: Stay = False,
    chosen: Format = "text",
) -> None:
    """サイトとメールを作ります。 Build the site and the mail issues.

    A file that is at fault is held back: the last version in the Git history that held is published in its place, or none; all else goes out.
    Exit status 0: all of it; 3: something was held back, and is named; 1: nothing changed.
    """
    from plugins.builder.options import BuildOptions

    keep: Callable[[object], None] = (context.obj if isinstance(context.obj, list) else []).append
    options = BuildOptions(moment(now), content, publications, output, site_url=site_url, fresh=fresh, strict=strict)
    require(publications, options.settings, folder=content)
    if stay:
        _stay(options, lambda: moment(now), chosen)
        return
    report, differing = _run_or_stop(options, keep, chosen, verify=verify)
    if differing:
        from plugins.builder.rules import difference_diagnostics

        stop_with_errors((*report.warnings, *difference_diagnostics(differing, output)), chosen)
    held = _print_report(report, chosen)
    if explain:
        typer.echo(report.explain(explain), err=chosen != "text")
    if verify:
        say("すべて作り直したものと同じです The same as a full build, byte for byte", chosen)
    if held:
        stop_held_back(held, len(report.held_back), chosen)


def _print_report(report: BuildReport, chosen: FormatName) -> list[Diagnostic]:
    """Print what a build has done; return the lines of what it held back, which the text ends with (`stop_held_back`)."""
    held = [line for each in report.held_back for line in each.lines()]
    summary = {"pages": report.pages, "rendered": report.rendered, "issues": report.issues, "held_back": len(report.held_back)}
    print_diagnostics(report.warnings if chosen == "text" else (*report.warnings, *held), chosen, summary)
    say(
        f"できました Built: {report.pages} pages ({report.rendered} rendered, {report.kept} kept), {report.issues} mail issues, {report.files} files"
        f" ({report.changed} written, {report.removed} removed), {report.seconds:.1f} s → {report.output / 'site' / 'index.html'}",
        chosen,
    )
    return held


def _stay(options: BuildOptions, clock: Callable[[], dt.datetime], chosen: FormatName) -> None:
    """Build, and serve until Ctrl-C or SIGTERM. A build at fault is no reason to end: the next one looks again."""
    from plugins.builder.options import BuildFailed
    from plugins.builder.resident.engine import ResidentBuild
    from plugins.builder.resident.service import CannotStay, ResidentService
    from plugins.builder.rules import failure_diagnostics
    from plugins.builder.signals import end_on_sigterm
    from plugins.diagnostics import ContentErrors

    end_on_sigterm()
    engine = ResidentBuild()
    try:
        try:
            held = _print_report(engine.build(options), chosen)
            if chosen == "text":
                print_diagnostics(held, chosen)
        except ContentErrors as error:
            print_diagnostics(error.diagnostics, chosen)
        say("動き続けます。ほかの build を引き受けます。止めるには Ctrl-C  Staying: other builds are taken over", chosen)
        ResidentService(options, engine, clock).run()
    except KeyboardInterrupt:
        pass
    except CannotStay as error:
        stop(str(error))
    except BuildFailed as error:
        stop_with_errors(failure_diagnostics(error, options.output), chosen)
    except OSError as error:
        stop(f"{options.output} に書けません（{error.strerror}） / cannot write {error.filename or options.output}: {error.strerror}")
    say("止めました Stopped", chosen)


def _run_or_stop(
    options: BuildOptions, keep: Callable[[object], None], chosen: FormatName, *, verify: bool
) -> tuple[BuildReport, Sequence[str]]:
    """Build, and with ``verify`` return the files that differ from a full build. Ends with status 1 if nothing was published."""
    from plugins.builder.options import BuildFailed
    from plugins.builder.resident.hand_over import hand_over
    from plugins.builder.run import build as run
    from plugins.builder.run import verify as compare
    from plugins.builder.signals import Terminated, end_on_sigterm
    from plugins.diagnostics import ContentErrors

    output = options.output
    end_on_sigterm()
    try:
        with progress("ページを作っています Building") as advance:
            report = hand_over(options) or run(options, advance, keep, lambda words: say(words, chosen))
            with TemporaryDirectory() as folder:
                return report, compare(options, Path(folder) / "output") if verify else ()
    except ContentErrors as error:
        stop_with_errors(error.diagnostics, chosen)
    except BuildFailed as error:
        from plugins.builder.rules import failure_diagnostics  # it knows the rules of all packages, which takes a while to load

        stop_with_errors(failure_diagnostics(error, output), chosen)
    except KeyboardInterrupt as interrupt:
        stop(
            "中断しました。公開中のものは、前のままか、新しいものに丸ごと替わったかのどちらかです / interrupted: the old site is public, or the new one, whole",
            143 if isinstance(interrupt, Terminated) else 130,
        )  # 128 + the number of the signal, as shells count
    except OSError as error:
        stop(
            f"{output} に書けません。公開中のものは前のままです（{error.strerror}） / cannot write {error.filename or output}: {error.strerror}"
        )
