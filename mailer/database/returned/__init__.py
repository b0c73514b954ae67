"""What came back, what followed from it, and what is answered by a program."""
