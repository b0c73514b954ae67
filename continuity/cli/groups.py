"""The commands of the other building, as `todoke.py` reads them."""

GROUPS: dict[str, str] = {}

COMMANDS = {
    "snapshot": ("continuity.cli.snapshot", "snapshot"),
    "restore": ("continuity.cli.restore", "restore"),
}
