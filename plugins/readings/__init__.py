"""How names and words are read: the editors' table, the names of municipalities, rules, and guesses of a morphological analyser, put as brackets or ruby.

1. `table` reads the editors' ``readings.csv``.
2. `known` finds in a text what is sure: names of the table (`words`), days of the week (`weekdays`), words that analysers misread (``words.csv``), and
   numbers with their counters (`counters` and ``counters.csv``, `numbers`). Where two overlap, the longer counts, and then the earlier of this list.
3. `analyser` guesses the rest. What it takes for words says also where a name may begin and end.
4. `ruby` writes the HTML.
"""
