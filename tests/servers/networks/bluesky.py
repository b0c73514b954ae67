"""A personal data server of the AT Protocol: sessions, records, blobs. Errors are ``{"error": NAME, "message": …}``."""

from __future__ import annotations

import hashlib
import re
from itertools import count
from typing import Any

from aiohttp import web

from tests.servers.networks.trouble import FakeNetwork

TID = re.compile("[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
"""A timestamp identifier: 13 digits of base32-sortable, the first bit 0 (AT Protocol, "Timestamp Identifiers")."""
LARGEST = 1_000_000
POSTS = "app.bsky.feed.post"


class FakeBluesky(FakeNetwork):
    """``records``: by record key. ``sessions``: how many were begun."""

    handle, password, account = "miyagi.example.jp", "abcd-efgh-ijkl-mnop", "did:plc:ewvi7nxzyoun6zhxrhs64oiz"

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, Any]] = {}
        self.blobs: dict[str, bytes] = {}
        self.sessions = 0
        self._token = ""
        self._numbers = count(1)
        self._shown: list[str] = []

    def end_sessions(self) -> None:
        """As after some hours."""
        self._token = ""

    def publishes(self, request: web.Request) -> bool:
        return request.path.endswith(".putRecord")

    def published(self) -> list[str]:
        return self._shown

    def error(self, status: int, words: str) -> web.Response:
        names = {401: "AuthMissing", 429: "RateLimitExceeded", 500: "InternalServerError"}
        return self._error(status, names.get(status, "InvalidRequest"), words)

    def _error(self, status: int, name: str, words: str) -> web.Response:
        return web.json_response({"error": name, "message": words}, status=status)

    async def answer(self, request: web.Request) -> web.Response:
        method = request.path.removeprefix("/xrpc/")
        if method == "com.atproto.server.createSession":
            return self._begin(await request.json())
        if method == "com.atproto.repo.getRecord":
            return self._get(request.query["rkey"])
        if not self._token or request.headers.get("Authorization") != f"Bearer {self._token}":
            return self._error(400, "ExpiredToken", "Token has expired")
        if method == "com.atproto.repo.uploadBlob":
            return self._upload(request.content_type, await request.read())
        body = await request.json()
        if body["repo"] != self.account or body["collection"] != POSTS:
            return self._error(400, "InvalidRequest", "Could not find repo")
        if method == "com.atproto.repo.deleteRecord":
            self.records.pop(body["rkey"], None)
            return web.json_response({})
        return self._put(body["rkey"], body["record"])

    def _begin(self, body: dict[str, str]) -> web.Response:
        if (body["identifier"], body["password"]) != (self.handle, self.password):
            return self._error(401, "AuthenticationRequired", "Invalid identifier or password")
        self.sessions += 1
        self._token = f"access-{self.sessions}"
        return web.json_response({"accessJwt": self._token, "refreshJwt": "refresh", "handle": self.handle, "did": self.account})

    def _upload(self, media_type: str, content: bytes) -> web.Response:
        if len(content) > LARGEST:
            return self._error(413, "BlobTooLarge", "This file is too large.")
        name = "bafkrei" + hashlib.sha256(content).hexdigest()[:52]
        self.blobs[name] = content
        return web.json_response({"blob": {"$type": "blob", "ref": {"$link": name}, "mimeType": media_type, "size": len(content)}})

    def _put(self, key: str, record: dict[str, Any]) -> web.Response:
        problem = _problem_of(key, record)
        if problem:
            return self._error(400, "InvalidRequest", problem)
        if key not in self.records:
            self._shown.append(key)
        self.records[key] = record
        return web.json_response(self._reference(key))

    def _get(self, key: str) -> web.Response:
        if key not in self.records:
            return self._error(400, "RecordNotFound", f"Could not locate record: {key}")
        return web.json_response(self._reference(key) | {"value": self.records[key]})

    def _reference(self, key: str) -> dict[str, str]:
        return {"uri": f"at://{self.account}/{POSTS}/{key}", "cid": "bafyrei" + hashlib.sha256(key.encode()).hexdigest()[:52]}


def _problem_of(key: str, record: dict[str, Any]) -> str:
    """What the lexicon app.bsky.feed.post has against a record."""
    text = record["text"].encode()
    if not TID.fullmatch(key):
        return "Invalid record key"
    if record["$type"] != POSTS or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["createdAt"]):
        return "Record/createdAt must be an valid atproto datetime"
    if len(text) > 3000:
        return "Record/text must not be longer than 3000 bytes"
    for facet in record.get("facets", []):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        if not 0 <= start < end <= len(text) or text[start:end].decode() != facet["features"][0]["uri"]:
            return "Record/facets must lie on the text"
    return ""
