"""Signed form submissions, and a load generator for them: closed loop (as fast as it goes) or at a fixed rate."""

from __future__ import annotations

import json
import re
import selectors
import socket
import time
import uuid
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sales_agent.demo.signature import sign_v3

PATH = "/api/webhooks/hubspot/form-submission"
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
MESSAGE = ("Hello, we are comparing tools for our reporting and would like to see a demo of your product. "
           "Do you integrate with Snowflake, and what does it cost for a team of {number} people? ")


def lead(number: int) -> dict[str, Any]:
    """A form submission of a person nobody knows yet: unique in every run, about 1.5 KB as JSON."""
    unique = uuid.uuid4().hex
    domain = f"company-{unique[:12]}.example"
    fields = {"email": f"ada@{domain}", "firstname": "Ada", "lastname": "Lovelace", "company": f"Company {number}",
              "jobtitle": "Head of Data", "country": "Germany", "phone": "+49 30 901820", "numberofemployees": "240",
              "website": f"https://{domain}", "utm_source": "search", "utm_campaign": "reporting-2026",
              "consent": "I agree to be contacted about my request."}
    return {"portalId": 62515, "formId": "contact-form", "formSubmissionId": unique,
            "timestamp": int(time.time() * 1000), "pageTitle": "Contact us",
            "pageUri": "https://www.northwind.example/contact?utm_source=search",
            "userMessage": MESSAGE.format(number=number % 500 + 2) + "We would like to start this quarter. " * 12,
            "fieldValues": [{"name": name, "value": value} for name, value in fields.items()]}


def signed_requests(count: int, port: int, secret: str) -> list[bytes]:
    """Complete HTTP requests, each for another lead. HubSpot's signatures are valid for five minutes."""
    return [_request(json.dumps(lead(number)).encode(), port, secret) for number in range(count)]


def _request(body: bytes, port: int, secret: str) -> bytes:
    now = int(time.time() * 1000)
    signature = sign_v3(secret, "POST", f"http://127.0.0.1:{port}{PATH}", body, now)
    head = (f"POST {PATH} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json",
            f"X-HubSpot-Signature-v3: {signature}", f"X-HubSpot-Request-Timestamp: {now}",
            f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(head).encode() + body


@dataclass
class Outcome:
    """What came back. Latencies in seconds; at a fixed rate they count from the moment a request was due."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        return self.statuses[202]

    @property
    def per_second(self) -> float:
        return self.accepted / self.seconds

    def percentile_ms(self, share: float) -> float:
        return 1000 * sorted(self.latencies)[int(share * (len(self.latencies) - 1))]


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._received = b""

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.socket.sendall(request)

    def answer(self) -> int | None:
        """Read what is there; the status once the answer is complete."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"the server hung up after {self._received!r}")
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = _LENGTH.search(self._received, 0, head)
        if length is None or len(self._received) < head + 4 + int(length[1]):
            return None
        status, self._received = int(self._received[9:12]), b""
        return status


def drive(port: int, requests: Sequence[bytes], *, seconds: float, rate: float | None = None,
          connections: int = 32) -> Outcome:
    """Send until the time (or the supply) is over, wait for every answer, and say what came back."""
    outcome, supply = Outcome(), iter(requests)
    free = deque(_Connection(port) for _ in range(connections))
    with selectors.DefaultSelector() as selector:
        for connection in free:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        start = time.perf_counter()
        schedule = _schedule(start, seconds, rate)
        due = next(schedule, None)
        while due is not None or len(free) < connections:
            now = time.perf_counter()
            while free and due is not None and due <= now:
                request = next(supply, None)
                if request is None:
                    due = None
                    break
                free.popleft().send(request, due if rate else time.perf_counter())
                due = next(schedule, None)
            for key, _ in selector.select(_patience(due, now, bool(free))):
                status = key.data.answer()
                if status is not None:
                    outcome.statuses[status] += 1
                    outcome.latencies.append(time.perf_counter() - key.data.due)
                    free.append(key.data)
        outcome.seconds = time.perf_counter() - start
        for connection in free:
            connection.socket.close()
    return outcome


def _schedule(start: float, seconds: float, rate: float | None) -> Iterator[float]:
    """When requests are due: evenly spaced, or whenever a connection is free."""
    if rate is not None:
        yield from (start + number / rate for number in range(int(seconds * rate)))
        return
    while time.perf_counter() < start + seconds:
        yield start


def _patience(due: float | None, now: float, free: bool) -> float:
    """How long to wait for answers before looking at the schedule again."""
    return 1.0 if due is None or not free else max(0.0, due - now)
