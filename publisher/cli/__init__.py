"""The commands: each parses its options, asks `publisher`, and prints. Operator's messages are English first, Japanese after."""
