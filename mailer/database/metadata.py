"""The collection to which every table belongs, and the clock of the database's server."""

from __future__ import annotations

from sqlalchemy import Float, MetaData
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

metadata = MetaData()


class server_clock(FunctionElement[float]):
    """Seconds since 1970 by PostgreSQL's clock, which all machines share; with SQLite there is only one machine."""

    type = Float()
    inherit_cache = True


@compiles(server_clock, "postgresql")
def _clock_of_the_server(*_: object, **__: object) -> str:
    return "extract(epoch FROM clock_timestamp())"


@compiles(server_clock, "sqlite")
def _clock_of_this_machine(*_: object, **__: object) -> str:
    return "(julianday('now') - 2440587.5) * 86400.0"
