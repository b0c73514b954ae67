"""Programs that read mail, and the IMAP server that they fetch it from."""
