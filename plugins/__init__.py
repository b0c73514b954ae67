"""The build half of Todoke: Pelican plugins, and the commands around them.

A build walks these rooms in order: ``frontmatter`` reads and checks every source, Pelican renders each document through the theme,
``publications`` adds the pages that list them, ``magazine`` composes the mail issues, ``build`` puts the finished tree in place.
Nothing here imports ``mailer``.
"""
