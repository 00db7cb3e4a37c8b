"""A stand-in for GitHub's audit log API, as GitHub cannot run here: a server that checks what it is asked.

It follows https://docs.github.com/rest/orgs/orgs#get-the-audit-log-for-an-organization and
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: `phrase=created:>=...`, ascending order, a
cursor in `after`, no next link on the last page, and events that are indexed a while after they happened.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tests.integration.standin import Handler, StandIn

TOKEN = "stand-in-token-0815"
SINCE = re.compile(r"created:>=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00)")


class _Handler(Handler):
    api: GitHub

    def refused(self, path: str, query: dict[str, str]) -> tuple[int, bytes] | None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, b'{"message":"Bad credentials"}'
        asked = {k: query.get(k) for k in ("include", "order", "per_page")}
        right = asked == {"include": "all", "order": "asc", "per_page": "100"}
        if path != "/orgs/example/audit-log" or not right or SINCE.fullmatch(query.get("phrase", "")) is None:
            self.api.problems.append(self.path)
            return 422, b'{"message":"Validation Failed"}'
        return None

    def good(self, query: dict[str, str]) -> None:
        github = self.api
        since = int(datetime.fromisoformat(query["phrase"].removeprefix("created:>=")).timestamp() * 1000)
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


class GitHub(StandIn):
    """Events as they are indexed."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.base = f"{self.origin}/orgs/example"

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


def _place(event: dict[str, Any]) -> tuple[int, str]:
    return event["@timestamp"], event["_document_id"]


def _cursor(text: str) -> tuple[int, str]:
    at, _, name = text.partition("|")
    return int(at), name
