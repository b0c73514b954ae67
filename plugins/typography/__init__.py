"""How Japanese is written and set: dates, numbers, line breaks at phrases, and colours with enough contrast. `plugin` gives templates the filters."""
