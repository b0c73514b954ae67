"""Which lists need a second person before an issue goes out: `[approval]` in mailer.toml. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Approval = Literal["required", "off"]


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """`default` holds for every list that `lists` does not name."""

    default: Approval = "off"
    lists: Mapping[str, Approval] = field(default_factory=dict)

    @classmethod
    def read(cls, table: Mapping[str, Approval]) -> ApprovalRules:
        """From the table of the file, in which `default` stands beside the keys of lists."""
        return cls(table.get("default", "off"), {key: value for key, value in table.items() if key != "default"})

    def needs(self, key: str) -> bool:
        """Whether an issue of this list must be approved before it is sent."""
        return self.lists.get(key, self.default) == "required"
