"""Rules on sources, proofs over the built site, and the page that shows both."""
