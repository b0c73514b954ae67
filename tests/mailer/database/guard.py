"""A trigger for test databases that refuses every step of a delivery that the table of states does not know, and counts the others."""

from __future__ import annotations

import sqlalchemy as sa

from mailer.database.engine import Database
from mailer.model.state import FIRST_STATES, TRANSITIONS, DeliveryState

REFUSAL = "illegal step of a delivery"
PAIRS = ", ".join(f"('{old.value}', '{new.value}')" for old, reachable in TRANSITIONS.items() for new in sorted(reachable))
FIRST = ", ".join(f"'{state.value}'" for state in sorted(FIRST_STATES))
ILLEGAL = f"(OLD.state, NEW.state) NOT IN (VALUES {PAIRS})"
SQLITE = (
    "CREATE TABLE step (old TEXT, new TEXT, PRIMARY KEY (old, new))",
    f"""CREATE TRIGGER refuse_step BEFORE UPDATE OF state ON delivery WHEN {ILLEGAL}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER refuse_first BEFORE INSERT ON delivery WHEN NEW.state NOT IN ({FIRST})
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    """CREATE TRIGGER count_step AFTER UPDATE OF state ON delivery
        BEGIN INSERT OR IGNORE INTO step VALUES (OLD.state, NEW.state); END""",
)
POSTGRESQL = (
    "CREATE TABLE step (old TEXT, new TEXT, PRIMARY KEY (old, new))",
    f"""CREATE FUNCTION check_step() RETURNS trigger AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN
          IF NEW.state NOT IN ({FIRST}) THEN RAISE EXCEPTION '{REFUSAL}'; END IF;
        ELSE
          IF {ILLEGAL} THEN RAISE EXCEPTION '{REFUSAL}'; END IF;
          INSERT INTO step VALUES (OLD.state, NEW.state) ON CONFLICT DO NOTHING;
        END IF;
        RETURN NEW; END $$ LANGUAGE plpgsql""",
    "CREATE TRIGGER check_step BEFORE INSERT OR UPDATE OF state ON delivery FOR EACH ROW EXECUTE FUNCTION check_step()",
)


def install(database: Database) -> None:
    """Once for each database; a second call changes nothing."""
    with database.writing() as connection:
        if sa.inspect(connection).has_table("step"):
            return
        for statement in POSTGRESQL if database.is_shared else SQLITE:
            connection.exec_driver_sql(statement)


def steps(database: Database) -> set[tuple[DeliveryState, DeliveryState]]:
    """The steps that have happened."""
    with database.reading() as connection:
        return {(DeliveryState(old), DeliveryState(new)) for old, new in connection.execute(sa.text("SELECT old, new FROM step"))}
