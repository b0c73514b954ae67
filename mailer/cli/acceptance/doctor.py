"""`todoke doctor`: will our mail be accepted, and is this machine fit to send it?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mailer import bundle, secrets
from mailer.cli.runtime import CONFIG, MAIL, ConfigPath, FormatOption, MailPath, command_session, console, now, open_for_command
from mailer.cli.screen import machine_output
from mailer.cli.screen.listing import Column, Listing, Row
from mailer.cli.screen.machine_output import OutputFormat
from mailer.config.file import load_config
from mailer.config.settings import Config, RelaySettings
from mailer.database import engine
from mailer.database.engine import Database
from mailer.doctor.examination import Patient, examine
from mailer.doctor.results import CheckResult, Level, worst
from mailer.model.errors import BundleError, DatabaseError, SecretMissing
from mailer.model.site import SiteProfile
from mailer.secrets import Secret
from mailer.site_file import read_site

COLUMNS = (Column("area\n項目"), Column("of\n対象", can_wrap=True), Column("level\n結果"), Column("what\n内容", can_wrap=True))
STYLES = {Level.BAD: "red", Level.WARNING: "yellow", Level.GOOD: "green", Level.UNKNOWN: "cyan"}
JAPANESE = {Level.GOOD: "良", Level.WARNING: "注意", Level.BAD: "不良", Level.UNKNOWN: "不明", Level.SKIPPED: "省略"}
FIELDS = ("area", "subject", "level", "en", "ja", "publish")


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither the DNS nor relays. 外に問い合わせない")] = False,
    domains: Annotated[
        list[str] | None, typer.Option("--from", metavar="DOMAIN", help="Domain of From; without it those of all lists. 差出人のドメイン")
    ] = None,
    output_format: FormatOption = OutputFormat.TEXT,
    config: ConfigPath = CONFIG,
    mail: MailPath = MAIL,
) -> None:
    """Examine DNS, keys, relays and this machine, and say what to publish. Exit status: 0 nothing bad, 1 something is. 送れる状態かを調べる"""
    with command_session():
        settings = load_config(config)
        revisions = engine.revisions(settings.database)
        with _opened(settings) as database:
            names = {each.lower() for each in domains or _from_domains(mail)}
            patient = Patient(settings, names, database, revisions, _password, os.environ, _site(mail, settings))
            results = examine(patient, now(), is_offline=offline)
        _print(results, output_format)
    raise typer.Exit(1 if worst(results) is Level.BAD else 0)


@contextmanager
def _opened(settings: Config) -> Iterator[Database | None]:
    """Yield the database, or None: that it cannot be opened is a line of the table."""
    try:
        with open_for_command(settings) as database:
            yield database
    except DatabaseError:
        yield None


def _from_domains(mail: Path) -> set[str]:
    """Return the domains of From of every list; none if nothing has been built yet."""
    try:
        return {each.from_address.rpartition("@")[2].lower() for each in bundle.read_lists(mail).values()}
    except BundleError:
        return set()


def _site(mail: Path, settings: Config) -> SiteProfile | None:
    """Return who publishes; None if nothing has been built yet."""
    try:
        return read_site(mail, settings.service_url)
    except BundleError:
        return None


def _password(relay: RelaySettings) -> Secret | None:
    """Return the relay's password. Without one the relay itself says what is missing."""
    try:
        return secrets.relay_password(os.environ, relay.password_file) if relay.username else None
    except SecretMissing:
        return None


def _print(results: tuple[CheckResult, ...], form: OutputFormat) -> None:
    rows = [asdict(result) | {"level": result.level.value, "publish": list(result.publish)} for result in results]
    if form is OutputFormat.JSON:
        typer.echo(machine_output.to_json({"level": worst(results).value, "checks": rows}))
    elif form is OutputFormat.CSV:
        typer.echo(machine_output.to_csv([row | {"publish": "\n".join(row["publish"])} for row in rows], FIELDS), nl=False)
    else:
        console().print(Listing(COLUMNS, tuple(map(_row, results))))
        _print_records(results)


def _row(result: CheckResult) -> Row:
    level = f"{result.level.value} {JAPANESE[result.level]}"
    return Row((result.area, result.subject, level, f"{result.en}. {result.ja}"), STYLES.get(result.level, ""))


def _print_records(results: tuple[CheckResult, ...]) -> None:
    """Print what belongs into the zone file, as it is written there: not through Rich, which would break the lines."""
    lines = list(dict.fromkeys(line for result in results for line in result.publish))
    if lines:
        typer.echo("\nTo be published in the DNS. DNSに登録する内容:\n")
        for line in lines:
            typer.echo(line)
