"""Every package of the locked requirements as a wheel, one of this program, and pip's own: what an offline machine of the same kind installs from.

pip compares each download with the digest in the lock file. A package that comes as source only is built here. The kit's own list has the digests of the
wheels as they are, so the offline machine compares again.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from continuity.archive import digest, remove_folder
from continuity.model import ContinuityError
from continuity.settings import Kit

WHEELS, RECORD = "wheels", "wheels.json"
SECONDS = 3600.0


@dataclass(frozen=True)
class Packages:
    """``wheels`` with this program's; ``pip`` is the wheel of pip; ``units`` are the files of deploy/."""

    wheels: tuple[Path, ...]
    pip: Path
    units: tuple[Path, ...]

    def requirements(self) -> str:
        """Return the list that pip installs from: each wheel with its digest."""
        lines = (f"{name}=={version} --hash=sha256:{digest(file)}\n" for name, version, file in sorted(map(_named, self.wheels)))
        return "".join(lines)


def kind() -> str:
    """Return of what kind the machine is, as install.sh asks for it: Python, system, processor."""
    return f"{sys.version_info[0]}.{sys.version_info[1]} {platform.system()} {platform.machine()}"


def collect(kit: Kit) -> Packages:
    """Collect them in ``kit.folder``; what is there already, and whole, is not fetched again. Raises `ContinuityError`."""
    requirements, units = kit.program / "requirements.txt", kit.program / "deploy"
    for each in (requirements, kit.program / "pyproject.toml", units / "install.sh"):
        if not each.is_file():
            raise ContinuityError(
                f"{each}: there is none. [kit] program in continuity.toml must name a checkout of this program / 見つかりません"
            )
    kit.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pip = _pip_wheel()
    wheels = _locked_wheels(kit, requirements)
    own = _own_wheel(kit)
    return Packages((*wheels, own), pip, tuple(sorted(file for file in units.rglob("*") if file.is_file())))


def _locked_wheels(kit: Kit, requirements: Path) -> tuple[Path, ...]:
    """Return the wheels of the lock file, which are kept until it changes."""
    folder, record = kit.folder / WHEELS, kit.folder / RECORD
    of = {"requirements": digest(requirements), "kind": kind()}
    if (kept := _kept(folder, record, of)) is not None:
        return kept
    new = kit.folder / f"{WHEELS}.new"
    remove_folder(new)
    source = ["--no-index", "--find-links", str(kit.wheels)] if kit.wheels is not None else []
    _pip("wheel", "--require-hashes", *source, "--wheel-dir", str(new), "--requirement", str(requirements))
    wheels = sorted(new.glob("*.whl"))
    remove_folder(folder)
    new.rename(folder)
    record.write_text(json.dumps(of | {"wheels": {file.name: digest(folder / file.name) for file in wheels}}), "utf-8")
    return tuple(folder / file.name for file in wheels)


def _kept(folder: Path, record: Path, of: dict[str, str]) -> tuple[Path, ...] | None:
    """Return the wheels of the last kit, if they are of the same lock file and whole."""
    try:
        known = json.loads(record.read_bytes())
        digests: dict[str, str] = known.pop("wheels")
        is_same = known == of and all(digest(folder / name) == value for name, value in digests.items())
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    return tuple(folder / name for name in sorted(digests)) if is_same else None


def _own_wheel(kit: Kit) -> Path:
    """Make a wheel of this program from a copy: the checkout may be read-only, and builds leave things behind."""
    source, target = kit.folder / "source", kit.folder / "program"
    for folder in (source, target):
        remove_folder(folder)
    try:
        for path in _sources(kit.program):
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kit.program / path, source / path)
        _pip("wheel", "--no-index", "--no-build-isolation", "--wheel-dir", str(target), str(source))
    finally:
        remove_folder(source)
    (wheel,) = target.glob("*.whl")
    return wheel


def _sources(program: Path) -> Iterator[Path]:
    """Yield the files that pyproject.toml names: modules, packages with their data, and texts."""
    document = tomllib.loads((program / "pyproject.toml").read_text("utf-8"))
    project, setuptools = document["project"], document["tool"]["setuptools"]
    yield from map(Path, ("pyproject.toml", project["readme"], *project["license-files"]))
    yield from (Path(f"{module}.py") for module in setuptools["py-modules"])
    for pattern in setuptools["packages"]["find"]["include"]:
        for folder in sorted(program.glob(pattern)):
            files = folder.rglob("*") if (folder / "__init__.py").is_file() else ()
            yield from (file.relative_to(program) for file in files if file.is_file() and "__pycache__" not in file.parts)


def _pip_wheel() -> Path:
    """Return the wheel of pip that comes with Python. Debian keeps it in a folder of its own (python3-pip-whl), and may have no `ensurepip` at all."""
    spec = find_spec("ensurepip")
    bundled = str(Path(spec.origin).parent / "_bundled") if spec is not None and spec.origin else None
    folders = (sysconfig.get_config_var("WHEEL_PKG_DIR"), bundled)
    wheels = [file for folder in folders if folder for file in sorted(Path(folder).glob("pip-*.whl"))]
    if not wheels:
        raise ContinuityError("the wheel of pip is not here: on Debian it is in the package python3-pip-whl / pip のパッケージがありません")
    return wheels[0]


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", *words, "--no-deps", "--quiet", "--disable-pip-version-check", "--no-input"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL)  # noqa: S603 - fixed words
    except subprocess.TimeoutExpired as error:
        raise ContinuityError(f"pip: not ready after {SECONDS:g} s / 時間内に終わりませんでした") from error
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.strip()]
        raise ContinuityError(f"pip: {' '.join(errors[-3:])[:500]} / パッケージがそろいません")


def _named(wheel: Path) -> tuple[str, str, Path]:
    """Return name and version, which begin the name of a wheel's file (PEP 427)."""
    name, version = wheel.name.split("-")[:2]
    return name, version, wheel
