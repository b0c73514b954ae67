"""How names and words are read: the editors' table, the names of municipalities, and guesses of a morphological analyser, put as brackets or ruby.

`table` reads ``readings.csv``; `known` finds in a text what the table and the rules say; `analyser` guesses the rest; `ruby` writes the HTML.
"""
