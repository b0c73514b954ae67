"""The demonstration's command, as `todoke.py` reads it."""

GROUPS: dict[str, str] = {}

COMMANDS = {"demo": ("demo.cli", "demo")}
