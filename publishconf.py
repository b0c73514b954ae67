"""Production: the sample settings, as they are. Address and moment come from the environment or the command line."""

from pelicanconf import *  # noqa: F403
