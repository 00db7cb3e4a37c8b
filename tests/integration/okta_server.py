"""A stand-in for Okta's System Log API, as Okta cannot run here: a server that checks what it is asked.

It follows https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/: polling with
`since` and `sortOrder=ASCENDING`, a cursor in `after`, a next link on every page, events in the order in which they
were persisted, which is not the order of `published`.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

TOKEN = "stand-in-token-4711"


class Okta:
    """Events in persisted order, and faults to answer with before the next good answers, one a request."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.faults: list[Any] = []
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.page = 3
        self.epoch = 0
        self.links_to: str | None = None
        handler = type("Handler", (_Handler,), {"okta": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def add(self, *published: str) -> None:
        for moment in published:
            self.events.append({"uuid": f"uuid-{len(self.events):04d}", "published": moment, "text": "ü\u2028 </x>"})

    def expire_cursors(self) -> None:
        self.epoch += 1

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    okta: Okta
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        okta, parts = self.okta, urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        okta.requests.append(self.path)
        if self.headers.get("Authorization") != f"SSWS {TOKEN}":
            self.answer(401, b'{"errorCode":"E0000011"}')
            return
        if parts.path != "/api/v1/logs" or query.get("sortOrder") != "ASCENDING" or query.get("limit") != "1000":
            okta.problems.append(self.path)
            self.answer(400, b'{"errorCode":"E0000031"}')
            return
        fault = okta.faults.pop(0) if okta.faults else None
        if callable(fault):
            fault = fault(query)
        if fault == "drop":
            self.close_connection = True
            self.connection.close()
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'[{"uuid":')
            self.close_connection = True
        elif fault is not None:
            status, headers, body = fault
            self.answer(status, body, headers)
        else:
            self.page(query)

    def page(self, query: dict[str, str]) -> None:
        okta = self.okta
        if "after" in query:
            epoch, _, position = query["after"].partition("_")
            if int(epoch) != okta.epoch:
                self.answer(400, b'{"errorCode":"E0000031","errorSummary":"Invalid cursor"}')
                return
            start = int(position)
            wanted = list(range(start, len(okta.events)))
        else:
            since = datetime.fromisoformat(query["since"])
            wanted = [i for i, e in enumerate(okta.events) if datetime.fromisoformat(e["published"]) >= since]
            start = len(okta.events)
        chosen = wanted[: okta.page]
        after = chosen[-1] + 1 if chosen else start
        body = json.dumps([okta.events[i] for i in chosen], indent=1, ensure_ascii=False).encode()
        following = {"after": f"{okta.epoch}_{after}", "sortOrder": "ASCENDING", "limit": "1000"}
        base = okta.links_to or okta.base
        links = {
            "Link": [
                f'<{okta.base}{self.path}>; rel="self"',
                f'<{base}/api/v1/logs?{urlencode(following)}>; rel="next"',
            ],
            "Set-Cookie": ["sid=cookie-secret"],
            "X-Okta-Request-Id": ["request-1"],
        }
        self.answer(200, body, links)

    def answer(self, status: int, body: bytes, headers: dict[str, Any] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, values in (headers or {}).items():
            for value in [values] if isinstance(values, str) else values:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
