"""What stand-ins of HTTP APIs share: a server on loopback that checks requests and fails when told to, and a clock."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit


class Clock:
    """A clock that only sleeping and the test move."""

    def __init__(self, now: datetime) -> None:
        self.now, self.slept = now, list[float]()

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


class Server:
    """A server on loopback whose `handler` answers, and faults to answer with before the next good answers, one a
    request. What was asked stands in `requests`, what was asked wrongly in `problems`."""

    handler: ClassVar[type[Answering]]

    def __init__(self) -> None:
        self.faults: list[Any] = []
        self.requests: list[Any] = []
        self.problems: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (self.handler,), {"api": self}))
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)


class Answering(BaseHTTPRequestHandler):
    """How one request is answered; `api` is the server."""

    api: Any
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def answer(self, status: int, headers: dict[str, Any], body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, values in headers.items():
            for value in [values] if isinstance(values, str) else values:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class StandIn(Server):
    """An API that gives its events in pages. A fault is `drop` (the connection), `cut` (an answer that ends before its
    length), (status, headers, body), or what gives one of these for the request's query."""

    handler: ClassVar[type[Handler]]

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.page = 3


class Handler(Answering):
    """One request: checked by `refused`, answered with the next fault, or by `good`."""

    def refused(self, path: str, query: dict[str, str]) -> tuple[int, bytes] | None:
        """The status and body that a wrong request gets."""
        raise NotImplementedError

    def good(self, query: dict[str, str]) -> None:
        """Answer a request that is right."""
        raise NotImplementedError

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        self.api.requests.append(self.path)
        refusal = self.refused(parts.path, query)
        if refusal is not None:
            self.answer(refusal[0], {}, refusal[1])
            return
        fault = self.api.faults.pop(0) if self.api.faults else None
        if callable(fault):
            fault = fault(query)
        if fault == "drop":
            self.drop()
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'[{"uuid":')
            self.close_connection = True
        elif fault is not None:
            self.answer(*fault)
        else:
            self.good(query)
