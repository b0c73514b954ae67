"""Two mirrors of the demonstration: keys, settings, releases, and a web server for each.

Everything lies in the demonstration's own folder; the keys and the store of the checkout are not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.servers import files_served, free_port
from demo.steps import step, timed, todoke

NAMES = ("www", "second")

_SETTINGS = """# 実演のための設定。 Settings of the demonstration.
store = "releases"
keys = "release-keys"
audit_anchor = "todoke.db.state/audit-anchor"
"""

_MIRROR = """
[[mirrors]]
name = "{name}"
kind = "local"
folder = "mirrors/{name}"
url = "{url}/"
"""


@dataclass(frozen=True)
class Mirrors:
    """``folder`` holds settings, keys, store and mirrors; ``ports`` has one port of 127.0.0.1 for each of `NAMES`."""

    folder: Path
    ports: tuple[int, ...]

    @property
    def settings(self) -> Path:
        """`publish.toml` of the demonstration."""
        return self.folder / "publish.toml"

    @property
    def options(self) -> list[str]:
        """What the publisher's commands need to find it."""
        return ["--config", str(self.settings)]

    def tree(self, name: str) -> Path:
        """Return the folder that the web server of a mirror serves."""
        return self.folder / "mirrors" / name / "current"

    def url(self, name: str) -> str:
        """Return the address of a mirror, without a slash at its end."""
        return f"http://127.0.0.1:{self.ports[NAMES.index(name)]}"

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serve both for the length of the block."""
        with ExitStack() as stack:
            for name, port in zip(NAMES, self.ports, strict=True):
                stack.enter_context(files_served(self.tree(name), port))
            yield


def mirrors_near(folder: Path, port: int) -> Mirrors:
    """Return mirrors on ports right after ``port`` where those are free, so that their addresses are easy to type."""
    ports: list[int] = []
    for _ in NAMES:
        ports.append(free_port(after=max([port, *ports])))
    return Mirrors(folder, tuple(ports))


def make_keys(mirrors: Mirrors) -> None:
    """Write the settings, and make keys. Root keys have no passphrase here, because nobody is there to type one."""
    step("署名の鍵を作る Make the keys that sign releases")
    blocks = [_MIRROR.format(name=name, url=mirrors.url(name)) for name in NAMES]
    mirrors.settings.write_text(_SETTINGS + "".join(blocks), encoding="utf-8")
    todoke("release-keys", "new", "--root", str(mirrors.folder / "root-keys"), "--without-passphrase", *mirrors.options)


def release(mirrors: Mirrors, output: Path, title: str) -> float:
    """Sign what is built and bring it to both mirrors; return the seconds that took."""
    step(title)
    return timed("release", "--output", str(output), *mirrors.options)
