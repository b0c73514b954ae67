"""Words that notices may use: hazards, levels, languages."""
