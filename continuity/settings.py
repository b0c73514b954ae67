"""``continuity.toml`` → `ContinuitySettings`. All bad keys are reported together; ``[[right]]`` is read by `sending_right`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from continuity.model import ContinuityError
from sending_right.settings import BadSettings, bad_keys, read_table
from storage.settings import Section, StorageSettings, absolute


class Snapshots(Section):
    """``[snapshot]``: ``keep`` is how many are kept in each storage, with those that they build on; ``full_days`` after how many days everything is written
    anew; ``folder`` holds the newest one here. ``extra`` are further files of settings.
    """

    keep: int = Field(default=14, ge=1, le=1000)
    full_days: float = Field(default=7.0, ge=0, le=366)
    folder: Path = Path("var/snapshots")
    extra: tuple[Path, ...] = ()


class Trust(Section):
    """``[trust]``: the keys by which a drill believes a release, as in ``verify.toml``: a file of TUF's root metadata, the public key of minisign, or both."""

    root: Path | None = None
    public_key: str = ""


class Kit(Section):
    """``[kit]``: ``folder`` keeps wheels from one kit to the next; ``wheels`` is a folder that has them all, and then no registry is asked. ``program`` is a
    checkout of this program with its locked requirements; ``font`` has the letters of the printed page.
    """

    folder: Path = Path("var/kit")
    wheels: Path | None = None
    program: Path = Path(__file__).parents[1]
    font: Path | None = None


class Person(Section):
    """``[[people]]``: whom to call. It is printed, and lies on the disk in clear."""

    name: str = Field(min_length=1, max_length=30)
    role: str = Field(default="", max_length=30)
    telephone: str = Field(pattern=r"^[0-9+#*()\- ]{2,40}$")


class ContinuitySettings(Section):
    """``recipients`` are public keys (``age1…``); whoever has one of the private ones, and nobody else, can open a snapshot."""

    recipients: tuple[str, ...] = Field(min_length=1)
    mailer: Path = Path("mailer.toml")
    publish: Path = Path("publish.toml")
    content: Path = Path("content")
    drills: Path = Path("var/drills")
    snapshot: Snapshots = Snapshots()
    trust: Trust = Trust()
    kit: Kit = Kit()
    people: tuple[Person, ...] = Field(default=(), max_length=12)
    targets: tuple[StorageSettings, ...] = ()
    right: tuple[StorageSettings, ...] = ()


def load_settings(path: Path) -> ContinuitySettings:
    """Read the file; relative paths become absolute. Raises `ContinuityError` that names every bad key."""
    try:
        record = read_table(path)
        if not record:
            raise ContinuityError(
                f"{path}: there is no such file, or nothing in it. docs/how-to/continuity.md shows how to write one / 設定がありません"
            )
        settings = ContinuitySettings.model_validate(record)
    except BadSettings as error:
        raise ContinuityError(f"{error} / 設定が読めません") from error
    except ValidationError as error:
        raise ContinuityError(f"{path}: {bad_keys(error)} / 設定を直してください") from error
    home = path.resolve().parent
    snapshot = settings.snapshot.model_copy(
        update={"folder": home / settings.snapshot.folder, "extra": tuple(home / each for each in settings.snapshot.extra)}
    )
    kit = settings.kit.model_copy(update={name: home / path for name, path in settings.kit if path is not None})
    trust = settings.trust.model_copy(update={"root": home / settings.trust.root} if settings.trust.root else {})
    places = {name: home / getattr(settings, name) for name in ("mailer", "publish", "content", "drills")}
    targets = tuple(absolute(each, home) for each in settings.targets)
    return settings.model_copy(update={**places, "snapshot": snapshot, "kit": kit, "trust": trust, "targets": targets})
