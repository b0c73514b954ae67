"""What is looked at in a whole checkout without a build of it: for `todoke check` and `todoke readings doubtful`. Nothing is written.

`source_check` has the one function behind `todoke check`. It asks `mail_check` for the mails and `event_changes` for what the history says of events.
"""
