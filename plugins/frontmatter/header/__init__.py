"""The front matter of one file as text: from the two lines ``---`` to nested dicts of text, and what is wrong with them in words for editors.

`yaml_block` reads YAML that holds, `yaml_words` says what is wrong with a line that does not, `fences` looks for the lines ``---`` where they are not
as they should be, `keys` knows which key somebody meant, and `recovery` reads on after each mistake, so that one run tells all of them.
"""
