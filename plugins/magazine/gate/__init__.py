"""The check before a bundle: what every mail must hold."""
