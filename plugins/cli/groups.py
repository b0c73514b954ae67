"""The site's commands: a name, with its group's before it, and the function that runs it. `todoke.py` imports a function when it is asked for."""

GROUPS = {
    "new": "新しい原稿を作ります。 Begin something new.",
    "emergency": "緊急のお知らせを、すぐに出します。 Publish a notice at once.",
    "feeds": "協力ブログを取り込みます。 Import partner blogs.",
    "events": "催しの表を取り込みます。 Import tables of events.",
    "readings": "ことばの読みを確かめます。 Check how words are read.",
}

COMMANDS = {
    "build": ("plugins.cli.build", "build"),
    "check": ("plugins.cli.check", "check"),
    "validate": ("plugins.cli.check", "validate"),
    "preview": ("plugins.cli.preview", "preview"),
    "new issue": ("plugins.cli.new", "new_issue"),
    "new notice": ("plugins.cli.new_notice", "new_notice"),
    "new drill": ("plugins.cli.new_notice", "new_drill"),
    "emergency write": ("plugins.cli.emergency", "write"),
    "emergency ready": ("plugins.cli.emergency", "ready"),
    "feeds list": ("plugins.cli.feeds.commands", "list_feeds"),
    "feeds update": ("plugins.cli.feeds.commands", "update_feeds"),
    "feeds add": ("plugins.cli.feeds.add", "add_feed"),
    "feeds review": ("plugins.cli.feeds.commands", "review_entries"),
    "feeds remove": ("plugins.cli.feeds.commands", "remove_feed"),
    "feeds receive": ("plugins.cli.feeds.receive", "receive_news"),
    "events import": ("plugins.cli.events", "import_events"),
    "readings doubtful": ("plugins.cli.readings", "doubtful"),
    "readings compare": ("plugins.cli.readings", "compare"),
}
