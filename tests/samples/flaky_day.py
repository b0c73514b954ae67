"""A simulated network of a bad day between a verifier and mirrors that are real folders: what is true of the mirrors is on the disk, the rest is weather.

Single requests are dropped, refused with 5xx, cut, or slow. In episodes nothing answers, one mirror restarts, or a captive portal answers for everybody.
Releases come in the middle of a look, and the signed time is renewed each hour.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from publisher.model.media import media_type
from tests.samples.publishing.mirrors import Mirrors
from verifier.model import Answer, FetchError

DAY = 86400
PORTAL = b"<html><form action='/login'>Free Wi-Fi: please log in</form><a href='/terms.html'>terms</a></html>"


@dataclass(frozen=True)
class Weather:
    """Shares of single requests, and how many episodes of each kind a day has."""

    dropped: float = 0.03
    refused: float = 0.02
    cut: float = 0.015
    slow: float = 0.05
    portals: int = 8
    outages: int = 8
    restarts: int = 12


class FlakyDay:
    """`verifier.model.Fetch` on the clock of ``mirrors``. Episodes begin and end in the middle of a look, too: their edges are blurred by 10 seconds."""

    def __init__(self, mirrors: Mirrors, chance: random.Random, weather: Weather, releases: int = 12) -> None:
        self.mirrors, self.chance, self.weather = mirrors, chance, weather
        start = mirrors.now
        self.portals = self._episodes(start, weather.portals, 30, 900)
        self.outages = self._episodes(start, weather.outages, 20, 600)
        self.restarts = [(*each, chance.choice(("www", "second"))) for each in self._episodes(start, weather.restarts, 20, 200)]
        self.releases = sorted(start + chance.uniform(0, DAY) for _ in range(releases))
        self.renewals = [start + 3600 * hour for hour in range(1, 25)]
        self.released = 0

    def _episodes(self, start: float, number: int, shortest: float, longest: float) -> list[tuple[float, float]]:
        begins = [start + self.chance.uniform(0, DAY) for _ in range(number)]
        return [(begin, begin + self.chance.uniform(shortest, longest)) for begin in begins]

    def __call__(self, url: str, family: str, limit: int) -> Answer:
        self._publish_what_is_due()
        now = self.mirrors.now + self.chance.uniform(-10, 10)
        name = (urlsplit(url).hostname or "").partition(".")[0]
        if any(begin <= now < end for begin, end in self.outages):
            raise FetchError("timed out")
        if any(begin <= now < end for begin, end in self.portals):
            return self._portal(url)
        if any(begin <= now < end and name == which for begin, end, which in self.restarts):
            return Answer(url, 503, {"content-type": "text/html"}, b"restarting", 0.1)
        return self._answer(url, name, limit)

    def _publish_what_is_due(self) -> None:
        """Release or renew, in about one of three requests: so it happens between any two requests of a look."""
        if self.releases and self.releases[0] <= self.mirrors.now and self.chance.random() < 0.3:
            self.releases.pop(0)
            self.released += 1
            self.mirrors.publishing.write("index.html", f"<h1>news {self.released}</h1><a href='/press/'>press</a>")
            self.mirrors.publishing.write(f"press/2026/{self.released}.html", "<p>new</p>")
            self.mirrors.publishing.write("press/index.html", f"<a href='/press/2026/{self.released}.html'>new</a>")
            self.mirrors.publish()
        if self.renewals and self.renewals[0] <= self.mirrors.now:
            self.renewals.pop(0)
            self.mirrors.renew()

    def _portal(self, url: str) -> Answer:
        if self.chance.random() < 0.5:
            return Answer(url, 302, {"location": "http://login.example/"}, b"", 0.05)
        return Answer(url, 200, {"content-type": "text/html", "content-length": str(len(PORTAL))}, PORTAL, 0.05)

    def _answer(self, url: str, name: str, limit: int) -> Answer:
        roll, weather = self.chance.random(), self.weather
        if roll < weather.dropped:
            raise FetchError("connection reset")
        if roll < weather.dropped + weather.refused:
            return Answer(url, self.chance.choice((500, 502, 503, 504, 429)), {"content-type": "text/html"}, b"Bad gateway", 0.1)
        path = unquote(urlsplit(url).path).lstrip("/")
        file = self.mirrors.file(f"{path}index.html" if not path or path.endswith("/") else path, name)
        if not file.is_file():
            return Answer(url, 404, {"content-type": "text/html"}, b"Not found", 0.02)
        body, headers = file.read_bytes(), {"content-type": media_type(file.name)}
        seconds = self.chance.uniform(1, 9) if self.chance.random() < weather.slow else self.chance.uniform(0.01, 0.3)
        if self.chance.random() < weather.cut:  # an answer without a length: its reader cannot know that it was cut
            return Answer(url, 200, headers, body[: self.chance.randrange(len(body) + 1)], seconds)
        return Answer(url, 200, headers | {"content-length": str(len(body))}, body[: limit + 1], seconds)
