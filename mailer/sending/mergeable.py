"""Whether an issue can wait for its readers' digests. Asked when it is frozen: what fits into no digest goes to everybody at once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from mailer import log, site_file
from mailer.config.settings import Config
from mailer.digest import composition, gate
from mailer.digest.composition import DigestFrame
from mailer.model.digest import is_mergeable
from mailer.model.errors import BundleError, MessageError
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, Issue, MailList
from mailer.model.site import SiteProfile


def waits_for_digests(config: Config, root: Path, issue: Issue, mail_list: MailList, now: datetime) -> bool:
    """Whether readers who want the list in a digest shall wait for it: it comes in fragments, is no emergency, and a digest of it alone passes the gate."""
    if not is_mergeable(issue):
        return False
    frozen = FrozenIssue(IssueId(0), issue, mail_list, now)
    try:
        content, _ = composition.compose([frozen], DigestFrame(publisher(config, root), now, config.time_zone, "0"))
        found = gate.problems(content, [frozen])
    except MessageError as error:
        found = (str(error),)
    if found:
        log.warning("goes to everybody at once: it fits into no digest", issue=str(issue.ref), why="; ".join(found))
    return not found


def publisher(config: Config, root: Path) -> SiteProfile | None:
    """Who publishes, for the frame of a digest; None where the bundle does not say, or is not there."""
    try:
        return site_file.read_site(root, config.service_url)
    except BundleError:
        return None
