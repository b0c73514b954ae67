"""A trigger for test databases that refuses every step of a post that the table of states does not know, and counts the others."""

from __future__ import annotations

import sqlalchemy as sa

from mailer.database.announcements.states import INITIAL, TRANSITIONS, PostState
from mailer.database.engine import Database

REFUSAL = "illegal step of a post"
PAIRS = ", ".join(f"('{old.value}', '{new.value}')" for old, reachable in TRANSITIONS.items() for new in sorted(reachable))
ILLEGAL = f"(OLD.state, NEW.state) NOT IN (VALUES {PAIRS})"
SQLITE = (
    "CREATE TABLE post_step (old TEXT, new TEXT, PRIMARY KEY (old, new))",
    f"CREATE TRIGGER refuse_post_step BEFORE UPDATE OF state ON announcement_post WHEN {ILLEGAL} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"CREATE TRIGGER refuse_first BEFORE INSERT ON announcement_post WHEN NEW.state != '{INITIAL.value}' BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    "CREATE TRIGGER count_post_step AFTER UPDATE OF state ON announcement_post BEGIN INSERT OR IGNORE INTO post_step VALUES (OLD.state, NEW.state); END",
)
POSTGRESQL = (
    "CREATE TABLE post_step (old TEXT, new TEXT, PRIMARY KEY (old, new))",
    f"""CREATE FUNCTION check_post_step() RETURNS trigger AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN
          IF NEW.state != '{INITIAL.value}' THEN RAISE EXCEPTION '{REFUSAL}'; END IF;
        ELSE
          IF {ILLEGAL} THEN RAISE EXCEPTION '{REFUSAL}'; END IF;
          INSERT INTO post_step VALUES (OLD.state, NEW.state) ON CONFLICT DO NOTHING;
        END IF;
        RETURN NEW; END $$ LANGUAGE plpgsql""",
    "CREATE TRIGGER check_post_step BEFORE INSERT OR UPDATE OF state ON announcement_post FOR EACH ROW EXECUTE FUNCTION check_post_step()",
)


def install(database: Database) -> None:
    """Once for each database."""
    with database.writing() as connection:
        for statement in POSTGRESQL if database.is_shared else SQLITE:
            connection.exec_driver_sql(statement)


def steps(database: Database) -> set[tuple[PostState, PostState]]:
    """The steps that have happened."""
    with database.reading() as connection:
        return {(PostState(old), PostState(new)) for old, new in connection.execute(sa.text("SELECT old, new FROM post_step"))}
