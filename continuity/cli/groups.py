"""The commands of the other building, as `todoke.py` reads them."""

GROUPS: dict[str, str] = {}

COMMANDS = {
    "snapshot": ("continuity.cli.snapshot", "snapshot"),
    "drill": ("continuity.cli.drill", "drill"),
    "restore": ("continuity.cli.restore", "restore"),
}
