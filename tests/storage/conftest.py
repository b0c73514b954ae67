"""One storage of each kind."""

from tests.samples.storages import settings as settings
