"""A small map that shows in which part of the prefecture a place lies, drawn at build time from the outline in ``content/data/outline.geojson``.

The outline is GeoJSON (RFC 7946): one feature, a polygon or several, with the name of the prefecture as the property ``name``. A site without it has no
maps. Such a map tells a region, not a street: pages link to the map of the 国土地理院 for that.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from markupsafe import Markup

from plugins.context import Key
from plugins.diagnostics import Diagnostic, RuleDescription
from plugins.digest import digest
from plugins.inputs import InputFolder, UnreadableInput

PATH = PurePosixPath("data/outline.geojson")

RULES = (
    RuleDescription(
        "F750",
        "読めない県の形",
        "an outline of the prefecture that cannot be read",
        "催しのページの小さな地図は、この形から描きます",
        "the small maps of events are drawn from this outline",
    ),
)

LARGEST = 500_000
"""Bytes. Each page with a map carries the outline: a few hundred points are enough, and take 10 kB."""

WIDTH = 220
"""Units of the picture, as CSS pixels at the standard size."""

Point = tuple[float, float]
"""Longitude and latitude in degrees (RFC 7946, 3.1.1)."""

_ROWS, _COLUMNS = ("北", "", "南"), ("西", "", "東")


@dataclass(frozen=True)
class Outline:
    """The rings of a prefecture. Without rings nothing is drawn."""

    name: str = ""
    rings: tuple[tuple[Point, ...], ...] = ()

    @cached_property
    def tracking_key(self) -> str:
        return f"outline {digest((self.name, self.rings))}"

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east and north of all rings."""
        eastings, northings = zip(*(point for ring in self.rings for point in ring), strict=True)
        return min(eastings), min(northings), max(eastings), max(northings)

    @property
    def height(self) -> int:
        return round((self.box[3] - self.box[1]) * self._scale)

    @property
    def _scale(self) -> float:
        """Units for one degree of latitude. One of longitude is shorter by the cosine of the latitude in the middle."""
        return WIDTH / ((self.box[2] - self.box[0]) * self._narrow)

    @property
    def _narrow(self) -> float:
        return math.cos(math.radians((self.box[1] + self.box[3]) / 2))

    def place(self, point: Point) -> Point:
        """Return where a point lies in the picture: units from the left and from the top."""
        return round((point[0] - self.box[0]) * self._narrow * self._scale, 1), round((self.box[3] - point[1]) * self._scale, 1)

    def part(self, point: Point) -> str:
        """Say in which ninth of the box a point lies: 北東, 西, 中ほど."""
        x, y = self.place(point)
        words = _ROWS[min(2, int(y * 3 / self.height))] + _COLUMNS[min(2, int(x * 3 / WIDTH))]
        return words or "中ほど"

    def locate(self, latitude: float | None, longitude: float | None) -> Markup:
        """Return a picture of the outline with a mark; nothing if the place is unknown or outside of it."""
        if not self.rings or latitude is None or longitude is None:
            return Markup()
        west, south, east, north = self.box
        if not (west <= longitude <= east and south <= latitude <= north):
            return Markup()
        x, y = self.place((longitude, latitude))
        return Markup(
            '<svg class="locator" viewBox="-8 -8 {} {}" width="{}" height="{}" role="img" aria-label="{}の地図。印は県の{}にあります">\n'
            '<path d="{}"/>\n<circle cx="{}" cy="{}" r="7"/>\n</svg>'
        ).format(WIDTH + 16, self.height + 16, WIDTH + 16, self.height + 16, self.name, self.part((longitude, latitude)), self._path, x, y)

    @cached_property
    def _path(self) -> str:
        return "".join(f"M{' '.join(f'{x:g},{y:g}' for x, y in map(self.place, ring))}Z" for ring in self.rings)


OUTLINE = Key[Outline]("outline of the prefecture", __name__)


def read_outline(content: Path) -> tuple[Outline, list[Diagnostic]]:
    """Read the file below ``content``, which may be missing. The paths of diagnostics are relative to ``content``."""
    files = InputFolder(content)
    if files.stat(str(PATH)) is None:
        return Outline(), []
    try:
        return _outline(json.loads(files.read(str(PATH), LARGEST))), []
    except UnreadableInput as error:
        return Outline(), [error.diagnostic()]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, OverflowError):
        ja = "県の形が読めません。GeoJSONの一つのFeature（PolygonかMultiPolygon、name に県の名前）で、500kBまでにしてください"
        en = "no outline: one GeoJSON feature, a polygon or several, with a name, of at most 500 kB"
        return Outline(), [Diagnostic(PATH, 1, ja, en, "F750")]


def _outline(feature: Any) -> Outline:
    geometry = feature["geometry"]
    if geometry["type"] not in ("Polygon", "MultiPolygon"):  # RFC 7946, 3.1.6 and 3.1.7
        raise ValueError("no area")
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    rings = tuple(tuple(_points(ring)) for polygon in polygons for ring in polygon)
    outline = Outline(str(feature["properties"]["name"])[:40], rings)
    west, south, east, north = outline.box
    if not (west < east and south < north and all(map(math.isfinite, outline.box)) and abs(south) < 85 and abs(north) < 85):
        raise ValueError("no area")
    return outline


def _points(ring: Sequence[Any]) -> Iterator[Point]:
    for point in ring:
        yield float(point[0]), float(point[1])
