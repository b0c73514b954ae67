"""The exceptions of the importer. Every message says what happened, to what, and what to do."""

from __future__ import annotations

from pathlib import Path


class PartnersError(Exception):
    """The family: everything that this package raises on purpose."""


class ConfigError(PartnersError):
    """``publications.toml`` cannot be used. ``problems`` holds one line for each fault."""

    def __init__(self, path: Path, problems: tuple[str, ...]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("\n".join(f"{path}: {fault}" for fault in problems))


class RefusedAddressError(PartnersError):
    """An address that the importer must not connect to (server-side request forgery). ``address`` is as written, or as resolved."""

    def __init__(self, address: str, why: str) -> None:
        self.address = address
        self.why = why
        super().__init__(f"接続しないアドレスです / refused address: {address} ({why})")


class FetchError(PartnersError):
    """The response of a server cannot be used."""


class ParseError(PartnersError):
    """The bytes are no feed or no picture, or reading them went past a limit."""


class EntryFileError(PartnersError):
    """A file under ``content/partners`` cannot be read, so its entry would be imported a second time.

    The editor mends its front matter or restores the file from Git.
    """

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(
            f"{path}: はじめの項目が読めません。Git から戻すか直してください / front matter unreadable, mend or restore it ({why})"
        )


class TakedownError(PartnersError):
    """The takedown list cannot be read. Nothing is imported, since an entry that was taken down could come back."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        super().__init__(f"{path}: 取り下げの一覧が読めません。Git から戻してください / cannot read the takedown list, restore it ({why})")


class EntryNotFoundError(PartnersError):
    """No imported entry has this address or id."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: このアドレスの記事は取り込んでいません。記事のファイルでも指定できます / no imported entry has this address: check it, or name the entry's file"
        )


class SharedNameError(PartnersError):
    """Several entries share an address or id, so that it takes down none of them. ``files`` are theirs."""

    def __init__(self, name: str, files: tuple[str, ...]) -> None:
        self.files = files
        listed = "\n".join(files)
        super().__init__(
            f"{name}: いくつもの記事に共通です。取り下げる記事のファイルを書いてください / several entries share it: name the file of the one to take down\n{listed}"
        )


class BusyError(PartnersError):
    """Another update holds the lock."""

    def __init__(self, lock: Path) -> None:
        super().__init__(f"ほかの取り込みが動いています。終わるのを待ってください / another update is running: wait for it ({lock})")
