"""How the mailer's commands show things: on a terminal of any width, in Japanese, to other programs."""
