"""The situation after a disaster: tables of shelters, lifelines, traffic, water, waste and certificates become pages that never say an old thing as if it held.

1. `table_kinds` says for each kind of table its columns and the words of its states. `tables` reads the files below ``content/data/``: it repairs what is known to be
   wrong in such tables and refuses what could be read in two ways (`cells`, `row`; `shelters` joins what is designated with what is open).
2. `current` says what holds at one moment: of each thing the newest row, and 不明 where that row is older than its kind allows.
3. `light` renders pages of one file, `open_data` CSV and GeoJSON, `changes` feeds. `plugin` writes the pages.

Drills have tables of their own, below ``content/data/drills/``, with own addresses and 【訓練】 in every form.
"""
