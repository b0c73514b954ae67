"""What each rule finds in one source; a new rule is one value here."""
