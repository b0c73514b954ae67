"""An entry's pictures → files beside the entry."""
