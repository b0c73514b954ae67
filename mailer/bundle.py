"""`output/mail` → frozen values (docs/reference/bundle.md). The mailer trusts nothing there.

Another schema, a missing part, or bytes that do not match their SHA-256 are an error before the ledger is touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AnyUrl, AwareDatetime, BaseModel, ConfigDict, Field, UrlConstraints, ValidationError

import regular_file
from mailer.model.clock import FIRST_YEAR, LAST_YEAR
from mailer.model.digest import DIGEST, parse_fragments
from mailer.model.errors import AddressError, BundleError, MessageError
from mailer.model.issue import SAFE_KEY, Issue, IssueRef, LightPart, ListClass, MailList, Succession
from mailer.model.readers import addresses, personal_places

Model = TypeVar("Model", bound=BaseModel)
MOST_BYTES = 5_000_000  # a part beyond this is no mail magazine


def _header_text(value: str) -> str:
    if addresses.unsafe_characters(value):
        raise ValueError("has control characters or line breaks, which must not reach a header")
    if addresses.is_blank(value):
        raise ValueError("is empty: nothing in it can be seen")
    return _without_place(value)


def _without_place(value: str) -> str:
    if personal_places.names_host(value):
        raise ValueError(f"names {personal_places.PERSONAL_HOST}, which only the links of the parts may")
    return value


def _address(value: str) -> str:
    try:
        return addresses.parse(value)
    except AddressError as error:
        raise ValueError(error.reason) from None


def _link(value: AnyUrl) -> str:
    text = str(value)
    if any(sign in text for sign in "<>\"' "):
        raise ValueError("has characters that do not belong into a link")
    return _without_place(text)


def _source_path(value: str) -> str:
    parts = value.split("/")
    if not all(parts) or {".", ".."} & set(parts) or "\\" in value or addresses.unsafe_characters(value):
        raise ValueError("is no path below the folder of the sources")
    return value


def _storable(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_storable)]
Key = Annotated[str, Field(pattern=rf"^{SAFE_KEY.pattern}$", max_length=64)]
Header = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_header_text)]
Address = Annotated[str, AfterValidator(_address)]
Link = Annotated[AnyUrl, UrlConstraints(allowed_schemes=["https", "http"], host_required=True), AfterValidator(_link)]
ListId = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)+$", max_length=255)]  # RFC 2919 section 2
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
SourcePath = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_source_path)]


class _From(BaseModel):
    name: Header
    address: Address


class _List(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    key: Key
    title: Header
    sender: _From = Field(alias="from")
    reply_to: Address
    list_id: ListId
    list_class: ListClass = Field(alias="class")
    contact: Address
    archive_url: Link


class _Lists(BaseModel):
    version: Literal[1] = Field(alias="schema")
    lists: list[_List]


class _Part(BaseModel):
    sha256: Sha256
    size: int = Field(alias="bytes", ge=1, le=MOST_BYTES)


class _LightPart(_Part):
    charset: Literal["utf-8", "iso-2022-jp"]


class _BundleFiles(BaseModel):
    html: _Part = Field(alias="mail.html")
    text: _Part = Field(alias="mail.txt")
    light: _LightPart | None = Field(default=None, alias="light.txt")
    sections: _Part | None = Field(default=None, alias="sections.json")


class _Issue(BaseModel):
    version: Literal[1] = Field(alias="schema")
    list: Key
    number: Key
    subject: Header
    date: Moment
    list_class: ListClass = Field(alias="class")
    expires: Moment | None
    archive_url: Link
    parts: _BundleFiles
    sources: dict[SourcePath, Sha256] = {}
    document: SourcePath | None = None
    replaces: Key | None = None
    audience: Literal["list", "reached"] = "list"


def read_model(model: type[Model], path: Path) -> Model:
    """Return what a JSON file of the bundle says.

    :raises BundleError: missing, unreadable, or not what the model wants.
    """
    return _validate(model, path, _read(path))


def read_lists(root: Path) -> dict[str, MailList]:
    """Return every list of `output/mail/lists.json`, by key.

    :param root: the bundle's folder, usually `output/mail`.
    :raises BundleError: missing, unreadable, another schema, or a list named twice.
    """
    path = root / "lists.json"
    entries = _validate(_Lists, path, _read(path)).lists
    lists = {entry.key: _mail_list(entry) for entry in entries}
    if len(lists) != len(entries):
        raise BundleError(path, "a list key is there twice. Give every list its own key.")
    if DIGEST in lists:
        raise BundleError(path, f"a list has the key {DIGEST!r}, which is the mailer's own. Give it another one.")
    return lists


def read_issue(root: Path, ref: IssueRef) -> Issue:
    """Return one issue, verified.

    :raises BundleError: missing, another schema, a list that lists.json does not know, or bytes that do not match.
    """
    folder = root / ref.list / ref.number
    path = folder / "issue.json"
    raw = _read(path)
    manifest = _validate(_Issue, path, raw)
    if (manifest.list, manifest.number) != (ref.list, ref.number):
        raise BundleError(path, f"says it is {manifest.list}/{manifest.number}. Build the site again.")
    if ref.list not in read_lists(root):
        raise BundleError(path, f"lists.json knows no list {ref.list!r}. Build the site again.")
    html = _part(folder / "mail.html", manifest.parts.html, personal_places.check_html)
    text = _part(folder / "mail.txt", manifest.parts.text, personal_places.check_text)
    light = _light(folder / "light.txt", manifest.parts.light)
    return Issue(
        ref,
        manifest.subject,
        manifest.date,
        manifest.list_class,
        manifest.expires,
        str(manifest.archive_url),
        html,
        text,
        _sha256(raw),
        light,
        sections=_sections(folder / "sections.json", manifest.parts.sections),
    )


def read_sources(root: Path, ref: IssueRef) -> dict[str, str]:
    """Return what the issue was made from: paths below the folder of the sources, each with the SHA-256 of its bytes.

    :raises BundleError: see `read_issue`; or the bundle does not say, because an older version made it.
    """
    path = root / ref.list / ref.number / "issue.json"
    manifest = _validate(_Issue, path, _read(path))
    sources, document = manifest.sources, manifest.document or f"mail/{ref}.md"
    if document not in sources:
        raise BundleError(path, f"does not say from which sources it was made ({document} and what it carries). Build the site again.")
    return sources


def read_succession(root: Path, ref: IssueRef) -> Succession | None:
    """Return which earlier issue this one takes the place of, if it does, and whom it is for.

    :raises BundleError: see `read_issue`; or it is for those whom an earlier issue has reached, and names none.
    """
    path = root / ref.list / ref.number / "issue.json"
    manifest = _validate(_Issue, path, _read(path))
    if manifest.replaces is None:
        if manifest.audience == "reached":
            raise BundleError(path, "is for those whom an earlier issue has reached, and does not name it. Build the site again.")
        return None
    return Succession(manifest.replaces, manifest.audience == "reached")


def _mail_list(entry: _List) -> MailList:
    return MailList(
        key=entry.key,
        title=entry.title,
        from_name=entry.sender.name,
        from_address=entry.sender.address,
        reply_to=entry.reply_to,
        list_id=entry.list_id,
        list_class=entry.list_class,
        contact=entry.contact,
        archive_url=str(entry.archive_url),
    )


def _light(path: Path, expected: _LightPart | None) -> LightPart | None:
    if expected is None:
        return None
    text = _part(path, expected, personal_places.check_text)
    try:
        text.encode(expected.charset)
    except UnicodeEncodeError:
        raise BundleError(path, f"has characters that {expected.charset} does not have. Build the site again.") from None
    return LightPart(text, expected.charset)


def _sections(path: Path, expected: _Part | None) -> str:
    """The issue in fragments; empty if it comes in none. No fragment may have a personal place: a digest has its own."""
    if expected is None:
        return ""
    text = _verified(path, expected)
    try:
        parse_fragments(text)
        _without_place(text)
    except (MessageError, ValueError) as error:
        raise BundleError(path, f"{error} Build the site again.") from None
    return text


def _part(path: Path, expected: _Part, check_places: Callable[[str], None]) -> str:
    text = _verified(path, expected)
    if (place := personal_places.PERSONAL_PLACE) not in text:
        raise BundleError(path, f"has no place for the unsubscribe link ({place}). Put it into the mail template.")
    try:
        check_places(text)
    except MessageError as error:
        raise BundleError(path, str(error)) from None
    return text


def _verified(path: Path, expected: _Part) -> str:
    raw = _read(path)
    if len(raw) != expected.size:
        raise BundleError(path, f"has {len(raw)} bytes and issue.json promises {expected.size}. Build the site again.")
    if _sha256(raw) != expected.sha256:
        raise BundleError(path, "does not match its SHA-256 in issue.json: it was changed after the build. Build the site again.")
    return _decode(path, raw)


def _validate(model: type[Model], path: Path, raw: bytes) -> Model:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        message = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in details)
        raise BundleError(path, f"{message}. Build the site again.") from None


def _read(path: Path) -> bytes:
    try:
        return regular_file.read_bytes(path)
    except FileNotFoundError:
        raise BundleError(path, "is missing. Build the site first, or give its folder with --mail.") from None
    except OSError as error:
        raise BundleError(path, f"cannot be read: {error.strerror}.") from error


def _decode(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BundleError(path, "is not UTF-8. Build the site again.") from None


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
