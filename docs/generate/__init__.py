"""The parts of the documentation that the code itself can state: commands, settings, front matter, rules, states, pictures.

1. `commands`, `settings`, `front_matter`, `rules` and `states` read Typer's command tree, the Pydantic models, the rules and the table of transitions.
2. `texts` adds the explanation of each key, which no model can state, from ``texts/*.toml``.
3. ``python -m docs.generate`` writes Markdown, diagrams and pictures to ``docs/_generated/``; hand-written pages include them.

Sphinx is not imported here, so that the tests of the references need no Sphinx.
"""
