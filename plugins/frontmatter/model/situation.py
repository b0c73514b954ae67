"""The table ``[site.situation]`` of ``publications.toml``: the tables of the first hours after a disaster (`plugins.situation`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from plugins.frontmatter.model.telephones import Telephone, parse_telephone

SITUATION_URL = "/situation/"
"""The address below which the pages of these tables lie."""

_LONGEST = 24 * 30
"""Hours. What nobody has looked at for a month is not known."""


def _telephone(value: str) -> str:
    if parse_telephone(value) is None:
        raise ValueError(
            f"電話番号「{value[:60]}」が読めません。「災害対策本部 022-211-2375」のように、名前と市外局番からの番号で書いてください"
            f" / {value[:60]!r} is no telephone: write a name and the number with its area code"
        )
    return value


Hours = Annotated[int, Field(ge=1, le=_LONGEST)]


class UnknownAfter(BaseModel):
    """Hours after which what a row says is no longer known, by the kind of table: a row that nobody has renewed by then says 不明."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shelters: Hours = Field(default=3, description="Shelters: whether they are open, and how full.")
    lifelines: Hours = Field(default=6, description="Electricity, water, gas, telephone.")
    traffic: Hours = Field(default=3, description="Roads, trains, buses, ships.")
    water: Hours = Field(default=6, description="Places that give out water.")
    waste: Hours = Field(default=24, description="Places that take waste of the disaster.")
    certificates: Hours = Field(default=72, description="Windows where people apply for a certificate of damage (罹災証明).")


class SituationSettings(BaseModel):
    """With this table the site has pages for shelters, lifelines, traffic, water, waste and certificates, also while there are no rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phones: tuple[Annotated[str, AfterValidator(_telephone)], ...] = Field(
        default=(),
        max_length=12,
        description="Who answers, and the number, such as `災害対策本部 022-211-2375`. They stand on the pages of the situation after 119, 110 and 171.",
    )
    unknown_after: UnknownAfter = UnknownAfter()

    @property
    def telephones(self) -> tuple[Telephone, ...]:
        """The numbers of ``phones``, in their order."""
        return tuple(telephone for each in self.phones if (telephone := parse_telephone(each)))


KINDS = tuple(UnknownAfter.model_fields)
"""The kinds of tables, which are parts of addresses too."""


def landing_pages() -> frozenset[str]:
    """Return the addresses that are always there where the site has these tables."""
    return frozenset((SITUATION_URL, *(f"{SITUATION_URL}{kind}/" for kind in KINDS)))
