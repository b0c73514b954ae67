"""The commands of an emergency. What a person reads is English first, Japanese after, as an operator's messages are."""
