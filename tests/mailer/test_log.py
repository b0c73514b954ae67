"""The log: one form for the lines of every library, and nothing in it that a stranger may not read."""

from __future__ import annotations

import io
import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mailer import log
from mailer.log import LogKind

LOGS = [LogKind.TEXT, LogKind.JSON]


@pytest.fixture(autouse=True)
def loggers_as_in_a_process_of_the_mailer() -> None:
    """Undo what tests of the site leave in this process: Pelican's loggers drop a warning that they have seen, uvicorn's have handlers of their own."""
    logging.setLoggerClass(logging.Logger)
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.filters.clear()
            if logger.name.startswith("uvicorn"):
                logger.handlers.clear()
                logger.setLevel(logging.NOTSET)
                logger.propagate = True


@contextmanager
def log_to_memory(kind: LogKind, verbosity: int = 0) -> Iterator[io.StringIO]:
    out = io.StringIO()
    log.configure(kind, out, verbosity)
    try:
        yield out
    finally:
        log.reset()


def test_an_event_is_json_with_its_facts_in_order() -> None:
    with log_to_memory(LogKind.JSON) as out:
        log.event("batch claimed", issue="fukko-press/45", rows=500, code=None, message="<45-7@todoke.example.jp>")
    line = json.loads(out.getvalue())
    assert list(line) == ["at", "level", "logger", "event", "issue", "rows", "message"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["at"])
    assert (line["level"], line["logger"], line["event"], line["rows"]) == ("info", "mailer", "batch claimed", 500)
    assert line["message"] == "<45-7@todoke.example.jp>"  # a Message-ID is no address


def test_an_event_is_one_line_of_text_with_its_facts_behind_it() -> None:
    with log_to_memory(LogKind.TEXT) as out:
        log.event("connected", relay="relay", connections=1)
    assert out.getvalue().endswith('+00:00 info mailer: connected relay="relay" connections=1\n')


@pytest.mark.parametrize("kind", LOGS)
def test_lines_of_libraries_and_warnings_of_python_have_the_same_form(kind: LogKind) -> None:
    with log_to_memory(kind) as out, warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.getLogger("uvicorn.error").info("Uvicorn running on %s", "http://127.0.0.1:8025", extra={"color_message": "\x1b[1m"})
        logging.getLogger("alembic.runtime.migration").info("Running upgrade 0005 -> 0006")
        warnings.warn("this will go", DeprecationWarning, stacklevel=1)
    lines = out.getvalue().splitlines()
    assert [re.search(r"uvicorn\.error|alembic\.runtime\.migration|py\.warnings", line) is not None for line in lines] == [True] * 3
    assert "\x1b" not in out.getvalue() and "color_message" not in out.getvalue()
    if kind is LogKind.JSON:
        assert [json.loads(line)["level"] for line in lines] == ["info", "info", "warning"]


PRIVATE = [
    "to reader7@example.jp: 550",
    "太郎@例え.jp は不明",
    "GET /unsubscribe/eyJsIjoi.ZnVra28_-x HTTP/1.1",
    "POST /preferences/eyJsIjoi.ZnVra28_-x?x=1",
    "cannot connect to postgresql://todoke:pass%20word@db.example.jp/todoke",
    "password was hunter2-hunter2",
    "'O'Neil+news'@mail.example.jp",
]


@pytest.mark.parametrize("kind", [*LogKind])
@pytest.mark.parametrize("text", PRIVATE)
def test_addresses_links_and_secrets_are_hidden_in_every_form_whoever_wrote_the_line(kind: LogKind, text: str) -> None:
    log.hide(["hunter2-hunter2", ""])
    with log_to_memory(kind) as out:
        logging.getLogger("procrastinate.worker").warning("Job failed: %s", text)
        log.warning("a fact", why=text)
        log.error("unexpected error", exception=ValueError(text))
    assert out.getvalue().count("\n") == 3
    assert not re.search(r"reader7|太郎|eyJ|ZnVr|pass%20word|hunter2|Neil\+news", out.getvalue())
    assert kind is LogKind.OFF or "ValueError" in out.getvalue()


@pytest.mark.parametrize("kind", [*LogKind])
def test_a_message_with_line_breaks_or_terminal_controls_stays_one_harmless_line(kind: LogKind) -> None:
    with log_to_memory(kind) as out:
        logging.getLogger("a.library").warning("one\ntwo\x1b[31m\x9b31m\u202e\u2028 全角　空白")
    assert out.getvalue().count("\n") == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]", out.getvalue())
    assert "全角　空白" in out.getvalue()
    if kind is LogKind.JSON:
        assert json.loads(out.getvalue())["event"].startswith("one\ntwo\x1b[31m\x9b31m\u202e")


def test_a_log_that_is_off_says_only_the_bare_sentences_of_warnings() -> None:
    with log_to_memory(LogKind.OFF) as out:
        log.event("batch claimed")
        logging.getLogger("mailer.config").warning("[lanes] is now [queues].")
        assert not log.is_on()
    assert out.getvalue() == "[lanes] is now [queues].\n"


@pytest.mark.parametrize(("verbosity", "levels"), [(-1, ["warning"]), (0, ["info", "warning"]), (1, ["debug", "info", "warning"])])
def test_quiet_and_verbose_choose_how_much_is_written(verbosity: int, levels: list[str]) -> None:
    with log_to_memory(LogKind.JSON, verbosity) as out:
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logging.getLogger("a.library").log(level, "a line")
    assert [json.loads(line)["level"] for line in out.getvalue().splitlines()] == levels


def test_statements_with_the_values_of_readers_are_never_written_even_with_verbose() -> None:
    import sqlalchemy as sa

    with log_to_memory(LogKind.JSON, 1) as out, sa.create_engine("sqlite://").connect() as connection:
        connection.execute(sa.text("SELECT :name"), {"name": "reader-seven"})
        log.event("asked")
    assert "reader-seven" not in out.getvalue() and "asked" in out.getvalue()


def test_a_reader_of_the_log_that_has_gone_away_does_not_end_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    with log_to_memory(LogKind.TEXT) as out:
        out.close()
        log.event("connected")
    assert capsys.readouterr().err == ""


def test_after_a_reset_nothing_is_written() -> None:
    with log_to_memory(LogKind.JSON) as out:
        pass
    log.event("connected")
    logging.getLogger("uvicorn.error").error("a line")
    assert out.getvalue() == "" and not log.is_on()
