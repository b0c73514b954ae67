"""The commands of the channels, as `todoke.py` reads them."""

GROUPS = {"channels": "LINE, Mastodon, Bluesky, X and others. 告知先"}

COMMANDS = {
    "announce": ("channels.cli.announce", "announce"),
    "channels status": ("channels.cli.status", "status"),
    "channels resolve": ("channels.cli.orders", "resolve"),
    "channels pause": ("channels.cli.orders", "pause"),
    "channels resume": ("channels.cli.orders", "resume"),
    "channels run": ("channels.cli.run", "run"),
    "channels key": ("channels.cli.push_key", "key"),
    "channels test": ("channels.cli.run", "test"),
}
