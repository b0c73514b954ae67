"""One module gives subscribers their addresses, so that no suppression is missed."""

from __future__ import annotations

import ast
from pathlib import Path

import mailer

HOME = Path(mailer.__file__).parent
WRITERS = {"insert", "update"}


def address_writes(source: str) -> list[str]:
    """Functions of a module that begin an INSERT of subscribers, or an UPDATE of them and name the column of the address."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [function.name for function in functions if _writes(ast.unparse(function))]


def _writes(text: str) -> bool:
    return "insert(subscriber)" in text or ("update(subscriber)" in text and "email" in text)


def test_the_search_finds_what_gives_an_address() -> None:
    assert address_writes(
        "def f():\n    insert(subscriber)\ndef g():\n    x = {'email': 1}\n    update(subscriber).values(x)\ndef h():\n    update(subscriber)"
    ) == [
        "f",
        "g",
    ]


def test_only_one_module_gives_a_subscriber_an_address() -> None:
    writers = {
        path.relative_to(HOME).as_posix()
        for path in HOME.rglob("*.py")
        if "versions" not in path.parts and address_writes(path.read_text("utf-8"))
    }
    assert writers == {"database/readers/people.py"}
