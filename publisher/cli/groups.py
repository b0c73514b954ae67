"""The publisher's commands, as `todoke.py` reads them."""

GROUPS = {
    "release-keys": "The keys that sign releases. 公開版に署名する鍵",
    "emergency": "An urgent notice, everywhere in seconds. 緊急のお知らせ",
}

COMMANDS = {
    "publish": ("publisher.cli.publish", "publish"),
    "next": ("publisher.cli.next", "next_moments"),
    "release": ("publisher.cli.release", "release"),
    "releases": ("publisher.cli.release", "releases"),
    "rollback": ("publisher.cli.release", "rollback"),
    "portable": ("publisher.cli.portable", "portable"),
    "mirrors": ("publisher.cli.mirrors", "mirrors"),
    "verify": ("publisher.cli.verify", "verify"),
    "audit-pack": ("publisher.cli.proof.audit_pack", "audit_pack"),
    "archive": ("publisher.cli.proof.archive", "archive"),
    "reproduce": ("publisher.cli.proof.reproduce", "reproduce"),
    "emergency release": ("publisher.cli.emergency", "release"),
    "release-keys new": ("publisher.cli.keys", "new"),
    "release-keys show": ("publisher.cli.keys", "show"),
    "release-keys root": ("publisher.cli.root", "root"),
    "release-keys renew": ("publisher.cli.keys", "renew"),
}
