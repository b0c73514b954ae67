"""`todoke readings`: words whose reading is in doubt, and checked sentences compared with what the program reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from plugins.cli.console import Content, Toml, require, safe_text, say, stop, stop_with_errors

if TYPE_CHECKING:
    from plugins.readings.checked import WrongWord
    from plugins.readings.doubtful import DoubtfulWord

FormatName = Literal["text", "json"]
Format = Annotated[FormatName, typer.Option("--format", help="人に text、プログラムに json。 For people or for programs.")]

_LARGEST = 5_000_000
"""Bytes of a file of checked sentences."""
_SHOWN_PLACES = 3


def doubtful(
    content: Content = Path("content"),
    publications: Toml = Path("publications.toml"),
    most: Annotated[int, typer.Option(min=1, help="出すことばの数まで。 Show at most this many words.")] = 1000,
    chosen: Format = "text",
) -> None:
    """二つの解析器が別の読みにしたことばを、多い順に出します。 List the words that two analysers read differently, for an editor to settle."""
    from plugins.builder.checkout.doubtful_readings import find_doubtful
    from plugins.diagnostics import ContentErrors

    require(publications, folder=content)
    _require_analysers(second=True)
    try:
        words = find_doubtful(content, publications)
    except ContentErrors as error:
        stop_with_errors(error.diagnostics, "text")
    shown = words[:most]
    if chosen == "json":
        typer.echo(json.dumps({"words": [_as_data(word) for word in shown], "found": len(words)}, ensure_ascii=True, indent=2))
        return
    for word in shown:
        _print_word(word)
    say(
        f"読みの割れたことば {len(words)}（出したのは{len(shown)}）。正しい読みの行を {content}/data/readings.csv に加えてください。"
        f" / {len(words)} doubtful words: add the row that is right to {content}/data/readings.csv"
    )


def compare(
    file: Annotated[Path, typer.Argument(help="読みを確かめた文。例：閖上《ゆりあげ》の港《みなと》 / checked sentences")],
    content: Content = Path("content"),
    publications: Toml = Path("publications.toml"),
    least: Annotated[float, typer.Option(min=0, max=100, help="正しくなければならない割合（％）。 The share that has to be right.")] = 99.5,
    chosen: Format = "text",
) -> None:
    """読みを確かめた文と比べ、ちがうことばを出します。 Compare with checked sentences; print the wrong words. Ends with 1 if fewer are right than --least."""
    from plugins.builder.checkout.doubtful_readings import site_readings
    from plugins.diagnostics import ContentErrors
    from plugins.readings.analyser import read_text
    from plugins.readings.checked import checked_sentences, wrong_words

    require(publications, file, folder=content)
    _require_analysers(second=False)
    try:
        readings, sentences = site_readings(content, publications), checked_sentences(_read(file))
    except ContentErrors as error:
        stop_with_errors(error.diagnostics, "text")
    except ValueError as error:
        stop(f"{file}: 「漢字《かんじ》」の形でない行があります / not of the form 漢字《かんじ》: {error}")
    wrong = [word for sentence in sentences for word in wrong_words(sentence, read_text(sentence.text, readings))]
    total = sum(len(sentence.words) for sentence in sentences)
    _print_comparison(file, wrong, total, chosen)
    if _share(wrong, total) < least:
        raise typer.Exit(1)


def _require_analysers(*, second: bool) -> None:
    from plugins.readings.analyser import analyser_version
    from plugins.readings.second_analyser import has_second_analyser

    if analyser_version() is None or (second and not has_second_analyser()):
        extra = "readings" if second else "furigana"
        stop(
            f"読みの解析器が入っていません。pip install 'todoke[{extra}]' で入ります / an analyser is not installed: pip install 'todoke[{extra}]'"
        )


def _read(file: Path) -> str:
    from plugins.inputs import UnreadableInput, read_named

    try:
        return read_named(file, _LARGEST).decode("utf-8-sig")
    except (UnreadableInput, UnicodeDecodeError):
        stop(f"{file} はUTF-8の文章として読めません / {file} is no text in UTF-8")


def _as_data(word: DoubtfulWord) -> dict[str, object]:
    places = [{"path": str(place.path), "line": place.line, "context": place.context} for place in word.places]
    return {"word": word.word, "reading": word.ours, "other": word.theirs, "rows": _rows(word), "places": places}


def _rows(word: DoubtfulWord) -> list[str]:
    """The rows for ``readings.csv`` of which one settles the word."""
    return [f"{word.word},{kana}" for kana in (word.ours, word.theirs) if kana]


def _print_word(word: DoubtfulWord) -> None:
    typer.echo(safe_text(f"{word.word}　{word.ours or '（読めない）'} ／ {word.theirs}　{len(word.places)}か所"))
    for place in word.places[:_SHOWN_PLACES]:
        typer.echo(f"  {safe_text(f'{place.path}:{place.line}: {place.context}')}")
    typer.echo(f"  → {safe_text('　または　'.join(_rows(word)))}")


def _share(wrong: list[WrongWord], total: int) -> float:
    return 100.0 - 100.0 * sum(max(1, word.words) for word in wrong) / total if total else 100.0


def _print_comparison(file: Path, wrong: list[WrongWord], total: int, chosen: FormatName) -> None:
    share = round(_share(wrong, total), 2)
    if chosen == "json":
        words = [
            {"line": w.sentence.line, "word": w.sentence.text[w.start : w.end], "reading": w.kana, "expected": list(w.expected)}
            for w in wrong
        ]
        typer.echo(json.dumps({"words": total, "right_percent": share, "wrong": words}, ensure_ascii=True, indent=2))
        return
    for w in wrong:
        text = w.sentence.text
        around = f"{text[max(0, w.start - 8) : w.start]}【{text[w.start : w.end]}】{text[w.end : w.end + 8]}"
        expected = "／".join(w.expected) or "（書かれていない）"
        typer.echo(safe_text(f"{file}:{w.sentence.line}: {around} は {w.kana}、正しくは {expected}"))
    say(f"{total}語のうち {share}％ が正しい読みです / {share} % of {total} words are read right")
