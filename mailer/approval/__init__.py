"""Who may let an issue go."""
