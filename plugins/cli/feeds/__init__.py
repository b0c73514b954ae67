"""`todoke feeds`: `commands`, `add` and `receive` have the commands; `arguments` reads what they are given, `tables` prints what they found."""
