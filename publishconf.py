"""The settings for production: those of ``pelicanconf.py``. Address and moment come from the environment or the command line."""

from pelicanconf import *  # noqa: F403
