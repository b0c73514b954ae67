"""Words that notices may use: hazards, levels, languages; and the words in which a wrong setting is told."""
