"""How Japanese is set: dates, numbers, line breaks, readable colours."""
