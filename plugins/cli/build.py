"""`todoke build`. What it needs is imported when it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from plugins.cli.console import Content, Now, Output, Toml, moment, out, print_faults, print_warnings, progress_bar, say, stop


def build(
    context: typer.Context,
    now: Now = None,
    content: Content = Path("content"),
    output: Output = Path("output"),
    publications: Toml = Path("publications.toml"),
    site_url: Annotated[str, typer.Option(help="サイトのアドレス（省けば publications.toml）。 The site's address.")] = "",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="前のできあがりを使わず、すべて作り直す。 Take nothing over from the last build.")
    ] = False,
    explain: Annotated[
        str | None, typer.Option(metavar="PATH", help="そのページを作り直した理由。 Why the page was rendered or not.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="すべて作り直したものと、一字一句比べる。 Compare with a full build, byte for byte.")
    ] = False,
) -> None:
    """サイトとメールを作ります。 Build the site and the mail issues. Faults in any file: nothing changes."""
    from plugins.builder.options import BuildFailed, BuildOptions
    from plugins.builder.run import build as run
    from plugins.builder.run import verify as compare
    from plugins.diagnostics import ContentErrors

    keep: Callable[[object], None] = (context.obj if isinstance(context.obj, list) else []).append
    order = BuildOptions(moment(now), content, publications, output, site_url=site_url, fresh=fresh)
    try:
        with progress_bar() as bar:
            task = bar.add_task("ページを作っています Building", total=None)
            report = run(order, lambda: bar.advance(task), keep)
            with TemporaryDirectory() as folder:
                differing = compare(order, Path(folder) / "output") if verify else []
    except ContentErrors as faults:
        print_faults(faults.faults)
    except BuildFailed as error:
        stop(str(error))
    except OSError as error:
        stop(
            f"{output} に書けません。公開中のものは前のままです（{error.strerror}） / cannot write {error.filename or output}: {error.strerror}"
        )
    print_warnings(report.warnings)
    say(
        f"できました Built: {report.pages} pages ({report.rendered} rendered, {report.kept} kept), {report.issues} mail issues, {report.files} files"
        f" ({report.written} written, {report.removed} removed), {report.seconds:.1f} s → {report.output / 'site' / 'index.html'}"
    )
    if explain:
        out.print(report.explain(explain), markup=False)
    if differing:
        stop(
            f"{len(differing)}個のファイルが、作り直したものと違います / {len(differing)} files differ from a full build: {', '.join(differing[:5])}"
        )
    if verify:
        say("すべて作り直したものと同じです The same as a full build, byte for byte")
