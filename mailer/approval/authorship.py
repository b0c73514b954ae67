"""Who wrote an issue: everybody who wrote or committed its file, or anything that it carries and that no approved issue of the list has carried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailer.approval.repository import AuthorUnknown, Contributor, SourceRepository


@dataclass(frozen=True, slots=True)
class Authorship:
    """The people, the commit they are known of (empty if the author was only stated), and the sources: path below `content/` → SHA-256."""

    people: tuple[Contributor, ...]
    commit: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def display_name(self) -> str:
        """The author of the last change of the issue's file, for messages and the log."""
        return str(self.people[0])


@dataclass(frozen=True, slots=True)
class ApprovedBefore:
    """What was approved with the last issue of the list: the commit, and the sources of that issue."""

    commit: str
    sources: Collection[str]


def authors(content: Path, issue: str, sources: Mapping[str, str], before: ApprovedBefore | None, *, commit: str = "") -> Authorship:
    """Return who wrote an issue.

    A source that the last approved issue carried was seen by its approver, so only later commits count; of all other sources the whole history.

    :param content: the folder of the sources.
    :param issue: the path of the issue's file below it.
    :param commit: that of an approval, when it is examined again; without it the folder itself must hold what its newest commit holds.
    :raises NotCommitted: words that no commit holds.
    :raises AuthorUnknown: there is no Git here, or no such commit.
    """
    repository = SourceRepository.containing(content)
    if commit and not repository.has(commit):
        raise AuthorUnknown(f"{content}: its repository does not have commit {commit[:12]}, of which the issue was approved. Fetch it.")
    revision = commit or repository.newest_commit()
    if not commit:
        repository.require_clean(revision)
    repository.require_sources(revision, sources)
    since = before.commit if before and before.commit and repository.has(before.commit) else ""
    seen = {path for path in sources if since and before and path in before.sources} - {issue}
    people = [
        *repository.contributors([issue], revision),
        *repository.contributors(sorted(set(sources) - seen - {issue}), revision),
        *repository.contributors(sorted(seen), revision, since=since),
    ]
    if not people:
        raise AuthorUnknown(f"{content / issue}: no commit of it is found, so its author is not known.")
    return Authorship(tuple(dict.fromkeys(people)), revision, sources)


def stated_author(name: str, sources: Mapping[str, str]) -> Authorship:
    """Return the author that somebody states, where `approval.authors` says that there is no Git."""
    return Authorship((Contributor(name, ""),), "", sources)
