"""The mailer's commands: a name, with its group's before it, and the function that runs it. `todoke.py` imports a function when it is asked for."""

GROUPS = {
    "subscribers": "The people who read the magazines. 購読者",
    "secret": "The key that signs the links. 署名の鍵",
    "dkim": "Keys that sign the messages. 電子署名（DKIM）の鍵",
    "resolve": "Settle what is not known. 不明なものを決める",
}

COMMANDS = {
    "init-db": ("mailer.cli.setup", "init_db"),
    "secret new": ("mailer.cli.setup", "new_secret"),
    "dkim new": ("mailer.cli.dkim", "new_key"),
    "dkim record": ("mailer.cli.dkim", "show_records"),
    "dkim rotate": ("mailer.cli.dkim", "rotate"),
    "send": ("mailer.cli.send", "send"),
    "ready": ("mailer.cli.ready", "ready"),
    "status": ("mailer.cli.status", "status"),
    "who-missed": ("mailer.cli.status", "who_missed"),
    "approve": ("mailer.cli.approval", "approve"),
    "approvers": ("mailer.cli.approval", "show_approvers"),
    "audit": ("mailer.cli.approval", "show_audit"),
    "audit-export": ("mailer.cli.audit_export", "audit_export"),
    "schedule": ("mailer.cli.operator", "schedule"),
    "pause": ("mailer.cli.operator", "pause"),
    "resume": ("mailer.cli.operator", "resume"),
    "cancel": ("mailer.cli.operator", "cancel"),
    "reopen": ("mailer.cli.operator", "reopen"),
    "retry": ("mailer.cli.operator", "retry"),
    "adopt-restored": ("mailer.cli.restoration", "adopt_restored"),
    "resolve unknown": ("mailer.cli.operator", "resolve_unknown"),
    "subscribers import": ("mailer.cli.subscribers", "import_subscribers"),
    "subscribers revoke-links": ("mailer.cli.subscribers", "revoke_links"),
    "serve": ("mailer.cli.daemons", "serve"),
    "work": ("mailer.cli.daemons", "work"),
}
