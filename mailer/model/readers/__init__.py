"""What is known of a reader."""
