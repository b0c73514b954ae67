"""Makes of what people write (GitHub, VS Code, Word, Excel) the plain Markdown that Python-Markdown reads in the same way.

`normalise` is a function of text: it returns text, the source line of each of its lines, and remarks on what cannot be shown as it was meant.
`walker` goes through the blocks; `signs` knows how blocks begin, `lists`, `tables` and `html_blocks` hold one kind each, `inline` what stands in a line,
`notes` what editors write for each other. Blocks are those of CommonMark 0.31.2 and GFM; code and raw HTML are never changed.
"""
