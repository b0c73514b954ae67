"""Hides how a mail issue is made: from an issue's Markdown to its bundle, which is all that the mailer reads.

1. `compose`: which articles an issue carries, as values.
2. `render`: the page, the HTML part, the text part and the light part of one composition.
3. `gate`: what every mail must hold; an error here means no bundle.
4. `bundle`: the files of the issue. `plugin` runs these steps inside Pelican's run.
"""
