"""How names and words are read aloud."""
