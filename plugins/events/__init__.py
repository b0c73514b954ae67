"""Events: pages with calendars, iCalendar files, and the script that a community radio reads.

1. `plugin` writes the pages from the documents of the content type ``event``.
2. `months` sorts events into the weeks of each month; `calendar` writes iCalendar (RFC 5545); `on_air` writes the script.
3. `table_import` brings a table of the recommended open-data form (推奨データセット「イベント一覧」) into ``content/`` as Markdown files.
"""
