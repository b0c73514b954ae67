"""`publish.toml` → `PublishConfig`. All bad keys are reported together."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import regular_file
from publisher.model.errors import PublisherError
from storage.settings import S3Place, SshPlace

ANCHOR = re.compile(r"[0-9]+ ([0-9a-f]{64}) [0-9T:.+-]+")


Section = TypeVar("Section", bound=BaseModel)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Mirror(_Section):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    deadline: float = Field(default=120.0, gt=0, le=3600)
    url: str = Field(default="", pattern=r"^(https?://[^\s?#@]+)?$")


class LocalMirror(_Mirror):
    """A folder of this machine; the web server serves ``current`` in it."""

    kind: Literal["local"]
    folder: Path


class SshMirror(_Mirror, SshPlace):
    """A folder of another machine, by SFTP. Without ``compression`` a first copy over a fast line takes half the time."""

    kind: Literal["ssh"]
    compression: bool = True


class S3Mirror(_Mirror, S3Place):
    """A bucket."""

    kind: Literal["s3"]


class PortableMirror(_Mirror):
    """A folder to carry away: a USB stick. It must be there already; pages in it work without a web server."""

    kind: Literal["portable"]
    folder: Path


Mirror = Annotated[LocalMirror | SshMirror | S3Mirror | PortableMirror, Field(discriminator="kind")]


class PublishSettings(_Section):
    """``[publish]``: where `todoke publish` takes a commit from, and what it hands over.

    ``repository`` is a path or an address of Git; empty: the checkout in which the file lies. ``branch`` is empty for what is checked out there.
    ``folder`` holds the checkout and the built site. ``mail`` is ``queue`` (freeze for `todoke work`), ``send`` or ``off``. Lists that need no approval are
    sent only if they are in ``lists_without_approval``, and only while the issue's date is not older than ``newest_hours``. All times are in seconds:
    ``poll`` between two looks at the branch, ``retry`` between two tries of what failed, ``check_timeout`` for one page, ``git_timeout`` and
    ``build_timeout``.
    """

    repository: str = Field(default="", pattern=r"^([^-\s][^\r\n]*)?$")
    branch: str = Field(default="", pattern=r"^([A-Za-z0-9_][A-Za-z0-9_./+-]*)?$")
    folder: Path = Path("var/publish")
    log: Path = Path("var/publish.jsonl")
    announcements: Path = Path("var/announcements")
    mail: Literal["queue", "send", "off"] = "queue"
    mailer: Path = Path("mailer.toml")
    lists_without_approval: tuple[str, ...] = ()
    newest_hours: float = Field(default=72.0, gt=0, le=8760)
    poll: float = Field(default=30.0, ge=1, le=86_400)
    retry: float = Field(default=60.0, ge=1, le=86_400)
    check_timeout: float = Field(default=10.0, gt=0, le=300)
    git_timeout: float = Field(default=300.0, gt=0, le=7200)
    build_timeout: float = Field(default=3600.0, gt=0, le=86_400)


class TimestampSettings(_Section):
    """``[timestamp]``: an authority (RFC 3161) that signs when a manifest was there. ``certificates`` is a file in PEM with its root and what lies between.

    ``deadline`` is in seconds.
    """

    url: str = Field(pattern=r"^https?://[^\s?#@]+(\?[^\s#@]*)?$")
    certificates: Path
    deadline: float = Field(default=10.0, gt=0, le=300)


class AuditSettings(_Section):
    """``[audit]``: where `todoke audit-pack` finds what others made. What is not there is named in the pack.

    ``mailer`` is the mailer's settings, as in ``[publish]`` if it is not set; ``accessibility`` what `make audit` writes; ``lock`` the lock file; ``drills`` a folder of reports of exercises;
    ``verifier`` the folder in which the verifier keeps its history.
    """

    mailer: Path | None = None
    accessibility: Path = Path("content/data/audit.json")
    lock: Path = Path("requirements.txt")
    drills: Path = Path("var/drills")
    verifier: Path = Path("var/verifier")


class PublishConfig(_Section):
    """``store`` and ``keys`` are folders of the publishing machine that no web server serves. Paths are relative to the file. ``url`` of a mirror is its
    public address, at which what is live is fetched.

    ``audit_anchor`` is a file in which the mailer notes the newest entry of its audit log; the default is that of ``database`` in ``mailer.toml``.
    """

    store: Path = Path("var/releases")
    keys: Path = Path("var/release-keys")
    audit_anchor: Path = Path("var/todoke.db.state/audit-anchor")
    mirrors: tuple[Mirror, ...] = ()
    publish: PublishSettings = PublishSettings()
    audit: AuditSettings = AuditSettings()
    timestamp: TimestampSettings | None = None

    @property
    def first_mirror(self) -> Mirror | None:
        """The mirror that decides when mail may leave: the first one that readers open in the web."""
        return next((mirror for mirror in self.mirrors if mirror.kind != "portable"), None)

    @model_validator(mode="after")
    def _names_are_unique(self) -> PublishConfig:
        names = [mirror.name for mirror in self.mirrors]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two mirrors have one name: {', '.join(twice)}")
        return self


def load_config(path: Path) -> PublishConfig:
    """Read and check the file; relative paths become absolute. Raises `PublisherError` that names every bad key."""
    try:
        record = tomllib.loads(regular_file.read_bytes(path).decode())
    except FileNotFoundError as error:
        raise PublisherError(
            f"{path}: there is no such file here. docs/how-to/publish.md shows how to write one / 公開先の設定がありません。docs/how-to/publish.md に書き方があります"
        ) from error
    except (OSError, ValueError) as error:
        raise PublisherError(f"{path}: {getattr(error, 'strerror', None) or error} / 設定が読めません") from error
    try:
        config = PublishConfig.model_validate(record)
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        raise PublisherError(f"{path}: {lines} / 設定を直してください") from error
    return _absolute(config, path.resolve().parent)


def _absolute(config: PublishConfig, folder: Path) -> PublishConfig:
    def place(section: Section) -> Section:
        return section.model_copy(update={name: folder / value for name, value in section if isinstance(value, Path)})

    mirrors, publish = tuple(place(mirror) for mirror in config.mirrors), place(config.publish)
    if is_local(publish.repository):
        publish = publish.model_copy(update={"repository": str(folder / publish.repository)})
    audit = place(config.audit if config.audit.mailer else config.audit.model_copy(update={"mailer": config.publish.mailer}))
    timestamp = place(config.timestamp) if config.timestamp else None
    return place(config).model_copy(update={"mirrors": mirrors, "publish": publish, "audit": audit, "timestamp": timestamp})


def is_local(repository: str) -> bool:
    """Tell whether it is a path of this machine, as Git tells it (git-fetch(1), "GIT URLS"): no scheme, and no colon before the first slash."""
    return "://" not in repository and ":" not in repository.partition("/")[0]


def read_audit_anchor(file: Path) -> str:
    """Return the newest hash of the audit log, as the last line of the file has it: number, hash, moment. Empty without a file. Raises `PublisherError`."""
    try:
        lines = regular_file.read_bytes(file).decode("ascii").splitlines()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise PublisherError(
            f"{file}: {getattr(error, 'strerror', None) or 'no anchor of an audit log'} / 監査記録の控えが読めません"
        ) from error
    match = ANCHOR.fullmatch(lines[-1]) if lines else None
    if match is None:
        raise PublisherError(f"{file}: no anchor of an audit log; `todoke audit` writes one / 監査記録の控えではありません")
    return match[1]
