"""`todoke demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    serve: Annotated[bool, typer.Option(help="終わったあと、サイトと受信箱を見せる。 Serve site and inbox afterwards.")] = True,
    port: Annotated[int, typer.Option(help="見せる場所。 Port on 127.0.0.1.")] = 8000,
    readers: Annotated[int, typer.Option(min=10, max=1000, help="見本の購読者の数。 Number of sample subscribers.")] = 1000,
    var: Annotated[Path, typer.Option(help="途中のものを置くフォルダー。 Folder for run-time state.")] = Path("var/demo"),
    output: Annotated[Path, typer.Option(help="できあがりのフォルダー。 Folder for the result.")] = Path("var/demo/output"),
) -> None:
    """全部を一度に動かして見せます。 Run the whole product once on the sample content."""
    from demo.tour import Tour, run

    raise typer.Exit(run(Tour(port, readers, var, output), serve=serve))
