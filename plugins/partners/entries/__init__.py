"""Which entry is which file: create, update, keep, take down."""
