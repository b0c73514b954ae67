"""The build's context: typed values, provided once, asked for by key."""

from __future__ import annotations

import datetime as dt
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

import pelicanconf
from plugins.context import BuildContext, Key, KeyMisused, add_context, context_of
from plugins.digest import records_in

COUNT = Key[int]("count", "plugins.counting")

SETTINGS = {
    "NOW": dt.datetime(2021, 3, 11, tzinfo=dt.UTC),
    "PATH": "content",
    "PUBLICATIONS": "publications.toml",
    "OUTPUT_PATH": "output/site",
    "THEME": "themes/miyagi",
    "CACHE": "var/cache",
    "SITE_ADDRESS": "",
}


@pytest.fixture
def context() -> BuildContext:
    return add_context(dict(SETTINGS))


def test_what_was_provided_is_returned_to_everybody_who_asks(context: BuildContext) -> None:
    assert context.get(COUNT) is None
    context.provide(COUNT, 3)
    assert context[COUNT] == 3
    assert context.get(COUNT) == 3


def test_asking_too_early_names_the_asking_module_the_value_and_the_module_that_owns_it(context: BuildContext) -> None:
    with pytest.raises(KeyMisused, match=rf"^{__name__} asks for 'count' of plugins\.counting"):
        context[COUNT]


def test_a_value_is_provided_once(context: BuildContext) -> None:
    context.provide(COUNT, 3)
    with pytest.raises(KeyMisused, match=r"'count' of plugins\.counting"):
        context.provide(COUNT, 4)
    assert context[COUNT] == 3


def test_replacing_needs_a_value_to_replace(context: BuildContext) -> None:
    with pytest.raises(KeyMisused, match=r"'count' of plugins\.counting"):
        context.replace(COUNT, 4)
    context.provide(COUNT, 3)
    context.replace(COUNT, 4)
    assert context[COUNT] == 4


def test_two_keys_of_the_same_name_are_two_keys(context: BuildContext) -> None:
    context.provide(COUNT, 3)
    assert context.get(Key[int]("count", "plugins.counting")) is None


def test_options_do_not_change_during_a_build(context: BuildContext) -> None:
    with pytest.raises(FrozenInstanceError):
        context.validate_mail = False  # type: ignore[misc]


def test_paths_hold_wherever_the_process_goes_later(context: BuildContext) -> None:
    paths = [value for field in fields(context) if isinstance(value := getattr(context, field.name), Path)]
    assert len(paths) == 5
    assert all(path.is_absolute() for path in paths)


def test_our_only_entry_in_the_settings_of_pelican_is_the_context() -> None:
    settings = dict(SETTINGS)
    context = add_context(settings, validate_mail=False)
    added = settings.keys() - SETTINGS.keys()
    assert len(added) == 1
    assert context_of(settings) is context


def test_pelican_started_by_itself_gets_one_context_with_the_default_options() -> None:
    settings = dict(SETTINGS)
    context = context_of(settings)
    assert context.validate_mail
    assert not context.shows_drafts
    assert context_of(settings) is context


def test_documents_in_the_context_are_not_met_a_second_time_by_the_incremental_build(context: BuildContext) -> None:
    class Record:
        tracking_key = "record:1"

    context.provide(Key[Record]("record", __name__), Record())
    assert records_in({"TODOKE_BUILD": context}, {}) == []


def test_sources_are_read_before_any_other_plugin_runs_and_the_page_of_results_is_written_last() -> None:
    assert pelicanconf.PLUGINS[0] == "plugins.builder.content_loader"
    assert pelicanconf.PLUGINS[-1] == "plugins.checks.plugin"
