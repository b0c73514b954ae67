"""One record of a warning in all its forms. It hides how each form is made; no renderer here needs Pelican, so that a fast path can use the same ones.

1. `record` makes an `EmergencyRecord` of a notice or a drill: who, where, what, until when, what to do, in each language that a person wrote.
2. `pages` renders the light page, the pages in やさしい日本語 and in other languages, and the notice to pin up; `cap` the CAP 1.2 message and its feed;
   `open_data` JSON and CSV; `short_text` texts for announcements; `on_air` the text to read out.
3. `forms` says which files a record becomes. `plugin` writes them in a full build.

To add a form, write its renderer and its line in `forms`; `tests/plugins/emergency/test_consistency.py` then asks it who, where, what, until when and what to do.
"""
