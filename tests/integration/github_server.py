"""A stand-in for GitHub's audit log API, as GitHub cannot run here: a server that checks what it is asked.

It follows https://docs.github.com/rest/orgs/orgs#get-the-audit-log-for-an-organization and
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: `phrase=created:>=...`, ascending order, a
cursor in `after`, no next link on the last page, and events that are indexed a while after they happened.
"""

from __future__ import annotations

import json
import re
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

TOKEN = "stand-in-token-0815"


class GitHub:
    """Events as they are indexed, and faults to answer with before the next good answers, one a request."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.faults: list[Any] = []
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.page = 3
        handler = type("Handler", (_Handler,), {"github": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}/orgs/example"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def add(self, *moments: datetime, **fields: Any) -> None:
        """Index events that happened at the given moments."""
        for moment in moments:
            at = int(moment.timestamp() * 1000)
            name = f"document-{len(self.events):04d}"
            self.events.append(
                {"@timestamp": at, "_document_id": name, "action": "repo.create", "actor": "ada", "org": "example"}
                | {"created_at": at, "repo": f"example/ü-{len(self.events)}"}
                | fields
            )

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    github: GitHub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        github, parts = self.github, urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        github.requests.append(self.path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, b'{"message":"Bad credentials"}')
            return
        asked = {k: query.get(k) for k in ("include", "order", "per_page")}
        since = re.fullmatch(r"created:>=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00)", query.get("phrase", ""))
        wrong = parts.path != "/orgs/example/audit-log" or asked != {
            "include": "all",
            "order": "asc",
            "per_page": "100",
        }
        if wrong or since is None:
            github.problems.append(self.path)
            self.answer(422, b'{"message":"Validation Failed"}')
            return
        fault = github.faults.pop(0) if github.faults else None
        if fault == "drop":
            self.close_connection = True
            self.connection.close()
        elif fault is not None:
            self.answer(*fault)
        else:
            self.page(query, int(datetime.fromisoformat(since[1]).timestamp() * 1000))

    def page(self, query: dict[str, str], since: int) -> None:
        github = self.github
        after = query.get("after", "0|")
        found = sorted((e for e in github.events if e["@timestamp"] >= since), key=_place)
        wanted = [e for e in found if _place(e) > _cursor(after)]
        chosen = wanted[: github.page]
        links = {}
        if len(wanted) > len(chosen):
            last = chosen[-1]
            following = {**query, "after": f"{last['@timestamp']}|{last['_document_id']}"}
            links["Link"] = f'<{github.base}/audit-log?{urlencode(following)}>; rel="next"'
        links["X-RateLimit-Remaining"] = "1700"
        self.answer(200, links, json.dumps(chosen, ensure_ascii=False).encode())

    def answer(self, status: int, headers: Any = None, body: bytes = b"{}") -> None:
        if isinstance(headers, bytes):
            headers, body = {}, headers
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _place(event: dict[str, Any]) -> tuple[int, str]:
    return event["@timestamp"], event["_document_id"]


def _cursor(text: str) -> tuple[int, str]:
    at, _, name = text.partition("|")
    return int(at), name
