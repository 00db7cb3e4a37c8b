"""A stand-in for Okta's System Log API, as Okta cannot run here: a server that checks what it is asked.

It follows https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/: polling with
`since` and `sortOrder=ASCENDING`, a cursor in `after`, a next link on every page, events in the order in which they
were persisted, which is not the order of `published`.
"""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import urlencode

from tests.integration.standin import Handler, StandIn

TOKEN = "stand-in-token-4711"


class _Handler(Handler):
    api: Okta

    def refused(self, path: str, query: dict[str, str]) -> tuple[int, bytes] | None:
        if self.headers.get("Authorization") != f"SSWS {TOKEN}":
            return 401, b'{"errorCode":"E0000011"}'
        if path != "/api/v1/logs" or query.get("sortOrder") != "ASCENDING" or query.get("limit") != "1000":
            self.api.problems.append(self.path)
            return 400, b'{"errorCode":"E0000031"}'
        return None

    def good(self, query: dict[str, str]) -> None:
        okta = self.api
        if "after" in query:
            epoch, _, position = query["after"].partition("_")
            if int(epoch) != okta.epoch:
                self.answer(400, {}, b'{"errorCode":"E0000031","errorSummary":"Invalid cursor"}')
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
        self.answer(200, links, body)


class Okta(StandIn):
    """Events in persisted order."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.base = self.origin
        self.epoch = 0
        self.links_to: str | None = None

    def add(self, *published: str) -> None:
        for moment in published:
            self.events.append({"uuid": f"uuid-{len(self.events):04d}", "published": moment, "text": "ü\u2028 </x>"})

    def expire_cursors(self) -> None:
        self.epoch += 1
