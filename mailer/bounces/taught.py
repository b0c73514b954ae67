"""The operator's own rules: what `todoke inbound teach` has written. A file of the same form as `receivers.toml`, and it comes first."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomlkit

import regular_file
from mailer import private_files
from mailer.bounces.receivers import Receiver, Rule, parse_receivers
from mailer.bounces.reply_parts import squeeze
from mailer.model.errors import TodokeMailError
from mailer.model.returned.bounce import BounceClass

SHORTEST_WORDS = 6  # characters: "550" alone would match everything


class RulesUnreadable(TodokeMailError):
    """The file of rules is damaged, or a rule is none."""


def read_rules(path: Path) -> tuple[Receiver, ...]:
    """The rules, or none if there is no file.

    :raises RulesUnreadable: it is not such a file.
    """
    try:
        return parse_receivers(tomllib.loads(regular_file.read_bytes(path).decode()).get("receiver", ()))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RulesUnreadable(
            f"{path}: not a file of rules ({error}). Correct it, or move it away; see docs/how-to/returned-mail.md."
        ) from error


def make_rule(says: Iterable[str], bounce_class: BounceClass) -> Rule:
    """A rule of an operator.

    :raises RulesUnreadable: the words are too few to tell anything.
    """
    words = tuple(squeeze(each).lower() for each in says)
    if not words or any(len(each) < SHORTEST_WORDS for each in words):
        raise RulesUnreadable(
            f"The words of a rule must have {SHORTEST_WORDS} characters or more: shorter ones occur everywhere. Write more of the text."
        )
    return Rule(words, bounce_class)


def add_rule(path: Path, says: Iterable[str], bounce_class: BounceClass, *, domain: str = "") -> Receiver:
    """Write a rule at the end of the file, whole or not at all.

    :param says: words that must all occur in the text.
    :param domain: only for recipients there.
    :raises RulesUnreadable: the words are too few to tell anything, or the file is damaged.
    """
    words = [*make_rule(says, bounce_class).says]
    read_rules(path)
    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    entry: dict[str, Any] = {"name": "taught", "rules": [{"says": words, "class": bounce_class.value}]}
    if domain:
        entry["domains"] = [domain.lower()]
    entries = document.setdefault("receiver", tomlkit.aot())
    entries.append(tomlkit.item(entry))
    private_files.make_folder(path.parent)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    private_files.write_new(part, tomlkit.dumps(document).encode())
    part.replace(path)
    return read_rules(path)[-1]
