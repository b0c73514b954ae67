"""The site's commands, one file a group: parse, call, print."""
