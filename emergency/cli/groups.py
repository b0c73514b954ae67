"""The commands of an emergency, as `todoke.py` reads them."""

GROUPS = {"emergency": "An urgent notice, everywhere in seconds. 緊急のお知らせを、すぐに出します"}

COMMANDS = {
    "emergency publish": ("emergency.cli.publish", "publish"),
    "emergency update": ("emergency.cli.publish", "update"),
    "emergency cancel": ("emergency.cli.publish", "cancel"),
    "emergency correct": ("emergency.cli.publish", "correct"),
    "emergency list": ("emergency.cli.listing", "list_notices"),
    "emergency status": ("emergency.cli.status", "status"),
}
