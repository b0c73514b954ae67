"""A DNS server of our own on loopback (dnslib, UDP and TCP): a zone as lines, names that do not answer, and what was asked."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from dnslib import QTYPE, RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSServer


class Zone(BaseResolver):  # type: ignore[misc]
    """Answers from the lines of a zone file; names without any record do not exist (NXDOMAIN), those in `failing` give SERVFAIL."""

    def __init__(self, lines: Iterable[str], failing: Iterable[str] = ()) -> None:
        self.failing = {name.lower().rstrip(".") for name in failing}
        self.asked: list[tuple[str, str]] = []
        self.publish(lines)

    def publish(self, lines: Iterable[str]) -> None:
        self.records = [record for line in lines for record in RR.fromZone(line)]

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        name, kind = str(request.q.qname).lower().rstrip("."), QTYPE[request.q.qtype]
        self.asked.append((name, kind))
        reply = request.reply()
        if name in self.failing:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        for record in self.records:
            is_signature = QTYPE[record.rtype] == "RRSIG" and record.rdata.covered == request.q.qtype
            if str(record.rname).lower().rstrip(".") == name and (QTYPE[record.rtype] == kind or is_signature):
                reply.add_answer(record)
        names = {str(record.rname).lower().rstrip(".") for record in self.records}
        if not any(each == name or each.endswith(f".{name}") for each in names):
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


class _Silent:
    def log_pass(self, *_: object) -> None:
        """Say nothing."""

    log_recv = log_send = log_request = log_reply = log_truncated = log_error = log_data = log_prefix = log_pass


class NameServer:
    """The server, for a `with` block. `address` is what `[authentication] nameservers` takes."""

    def __init__(self, *lines: str, failing: Iterable[str] = ()) -> None:
        self.zone = Zone(lines, failing)
        self._udp, self._tcp = self._bind()
        self.port = self._udp.server.server_address[1]

    def _bind(self) -> tuple[DNSServer, DNSServer]:
        """One port for both: a free one of UDP may be taken in TCP, so the next one is tried."""
        for _ in range(50):
            udp = DNSServer(self.zone, address="127.0.0.1", port=0, logger=_Silent())
            with suppress(OSError):
                return udp, DNSServer(self.zone, address="127.0.0.1", port=udp.server.server_address[1], tcp=True, logger=_Silent())
            udp.server.server_close()
        raise OSError("no port is free in both UDP and TCP")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._udp.start_thread()
        self._tcp.start_thread()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server in (self._udp, self._tcp):
            server.stop()
            server.server.server_close()
