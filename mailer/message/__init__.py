"""An issue and a recipient → the bytes of one message."""
