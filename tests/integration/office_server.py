"""A stand-in for the Office 365 Management Activity API: a server that checks what it is asked.

It follows https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference: a
content type lists nothing before it is subscribed to; content is listed by when it was made, over at most 24 hours that
begin at most 7 days ago, the next page in the header `NextPageUri`; it is fetched by its own address until it expires.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.integration.standin import Handler, StandIn

TOKEN = "stand-in-token-3651"
TENANT = "00000000-0000-4000-8000-00000000beef"
FEED = f"/api/v1.0/{TENANT}/activity/feed"
SPAN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class _Handler(Handler):
    api: Office

    def refused(self, path: str, query: dict[str, str]) -> tuple[int, bytes] | None:
        api = self.api
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, b'{"error":{"code":"AF10001"}}'
        if query.get("PublisherIdentifier") != "publisher-1" and "nextPage" not in query:
            api.problems.append(self.path)
            return 400, b'{"error":{"code":"AF20001"}}'
        if path.startswith(f"{FEED}/audit/"):
            return None
        since, until = query.get("startTime", ""), query.get("endTime", "")
        if path != f"{FEED}/subscriptions/content" or not SPAN.fullmatch(since) or not SPAN.fullmatch(until):
            api.problems.append(self.path)
            return 400, b'{"error":{"code":"AF20001"}}'
        span = _moment(until) - _moment(since)
        if not timedelta(0) < span <= timedelta(hours=24) or api.now - _moment(since) > timedelta(days=7):
            api.problems.append(self.path)
            return 400, b'{"error":{"code":"AF20030"}}'
        if query["contentType"] not in api.subscribed:
            return 400, b'{"error":{"code":"AF20022","message":"No subscription found for the specified content type"}}'
        return None

    def good(self, query: dict[str, str]) -> None:
        api = self.api
        path = urlsplit(self.path).path
        if path.startswith(f"{FEED}/audit/"):
            found = api.content.get(path.rsplit("/", 1)[1])
            if found is None or found["expires"] < api.now:
                self.answer(400, {}, b'{"error":{"code":"AF20051","message":"already expired"}}')
            else:
                self.answer(200, {}, json.dumps(found["records"], ensure_ascii=False).encode())
            return
        since, until = _moment(query["startTime"]), _moment(query["endTime"])
        listed = [
            {
                "contentUri": f"{api.base}/audit/{uid}",
                "contentId": uid,
                "contentType": found["type"],
                "contentCreated": f"{found['made']:%Y-%m-%dT%H:%M:%S}.000Z",
                "contentExpiration": f"{found['expires']:%Y-%m-%dT%H:%M:%S}.000Z",
            }
            for uid, found in sorted(api.content.items(), key=lambda item: (item[1]["made"], item[0]))
            if found["type"] == query["contentType"] and since <= found["made"] < until and found["expires"] >= api.now
        ]
        first = int(query.get("nextPage", "0"))
        page = listed[first : first + api.page]
        page += page[:1]  # content may be listed twice
        headers = {}
        if len(listed) > first + api.page:
            onward = "&".join(f"{k}={query[k]}" for k in ("contentType", "startTime", "endTime"))
            headers["NextPageUri"] = f"{api.base}/subscriptions/content?{onward}&nextPage={first + api.page}"
        self.answer(200, headers, json.dumps(page).encode())

    def do_POST(self) -> None:
        """Begin a subscription; one that runs is refused."""
        parts = urlsplit(self.path)
        name = parse_qs(parts.query)["contentType"][0]
        api = self.api
        if parts.path != f"{FEED}/subscriptions/start" or self.headers.get("Authorization") != f"Bearer {TOKEN}":
            api.problems.append(self.path)
        if name in api.subscribed or name in api.forbidden:
            self.answer(400 if name in api.subscribed else 403, {}, b'{"error":{"code":"AF20024"}}')
            return
        api.subscribed.add(name)
        self.answer(200, {}, json.dumps({"contentType": name, "status": "enabled", "webhook": None}).encode())


class Office(StandIn):
    """Content by its id, what is subscribed to, and what may not be."""

    handler = _Handler

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.base = f"{self.origin}{FEED}"
        self.now = now
        self.content: dict[str, dict[str, Any]] = {}
        self.subscribed: set[str] = set()
        self.forbidden: set[str] = set()

    def add(self, content_type: str, *moments: datetime, records: int = 2) -> None:
        """Make content at the given moments, of records of the hour before."""
        for moment in moments:
            number = len(self.content)
            self.content[f"content-{number:04d}"] = {
                "type": content_type,
                "made": moment,
                "expires": moment + timedelta(days=7),
                "records": [
                    {
                        "Id": f"id-{number:04d}-{n}",
                        "CreationTime": f"{moment - timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}",
                        "Operation": "Set-Mailbox",
                        "Workload": "Exchange",
                        "OrganizationId": TENANT,
                        "UserId": "a@example.com",
                        "text": "ü\u2028 </x>",
                    }
                    for n in range(records)
                ],
            }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
