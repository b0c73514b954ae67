"""`publish.toml` → `Places`, as far as it can be read. With a mistake in it there are no mirrors; the site and the mail go on."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from emergency.model import MirrorPlace, Places


def read_places(config: Path, content: Path, output: Path | None, mailer: Path | None) -> Places:
    """Return where everything is. ``output`` and ``mailer`` from the command line go before those of the file. Raises nothing: `Places.trouble` says it."""
    record, trouble = _read(config)
    publish = _table(record, "publish")
    folder = config.parent
    built = folder / str(publish.get("folder", "var/publish")) / "output"
    return Places(
        config=config,
        output=output or (built if built.is_dir() else Path("output")),
        content=content,
        mailer=mailer or folder / str(publish.get("mailer", "mailer.toml")),
        mirrors=tuple(_mirror(each) for each in record.get("mirrors", ()) if isinstance(each, dict) and each.get("name")),
        is_configured=config.exists(),
        trouble=trouble,
    )


def _read(config: Path) -> tuple[dict[str, Any], str]:
    try:
        return tomllib.loads(config.read_bytes().decode()), ""
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError) as error:
        return {}, f"{config}: {getattr(error, 'strerror', None) or error} / 公開先の設定が読めません"


def _table(record: dict[str, Any], name: str) -> dict[str, Any]:
    table = record.get(name, {})
    return table if isinstance(table, dict) else {}


def _mirror(record: dict[str, Any]) -> MirrorPlace:
    return MirrorPlace(str(record["name"]), str(record.get("kind", "")), str(record.get("url", "")).rstrip("/"))
