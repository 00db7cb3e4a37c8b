"""A stand-in for Microsoft Graph's audit logs, as Graph cannot run here: a server that checks what it is asked.

It follows https://learn.microsoft.com/graph/api/signin-list, https://learn.microsoft.com/graph/api/directoryaudit-list
and https://learn.microsoft.com/graph/paging: `$filter` on a time with `ge`, ascending `$orderby`, `$top` of at most
1,000, the whole next request in `@odata.nextLink`, which the last page lacks, and events that show a while after they
happened. Without a filter on `signInEventTypes`, sign-ins are the interactive ones.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tests.integration.standin import Handler, StandIn

TOKEN = "stand-in-token-1147"
CLOCKS = {"signIns": "createdDateTime", "directoryAudits": "activityDateTime"}
FILTER = re.compile(
    r"(\w+DateTime) ge (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"
    r"(?: and signInEventTypes/any\(t: ((?:t eq '\w+'(?: or )?)+)\))?"
)


class _Handler(Handler):
    api: Graph

    def refused(self, path: str, query: dict[str, str]) -> tuple[int, bytes] | None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, b'{"error":{"code":"InvalidAuthenticationToken"}}'
        clock = CLOCKS[self.api.of]
        asked = FILTER.fullmatch(query.get("$filter", ""))
        right = query.get("$orderby") == clock and 0 < int(query.get("$top", "0")) <= 1000
        if path != f"/{self.api.version}/auditLogs/{self.api.of}" or not right or asked is None or asked[1] != clock:
            self.api.problems.append(self.path)
            return 400, b'{"error":{"code":"BadRequest"}}'
        return None

    def good(self, query: dict[str, str]) -> None:
        graph = self.api
        clock = CLOCKS[graph.of]
        asked = FILTER.fullmatch(query["$filter"])
        assert asked is not None
        epoch, _, after = query.get("$skiptoken", f"{graph.epoch}|").partition("|")
        if int(epoch) != graph.epoch:
            self.answer(400, {}, b'{"error":{"code":"BadRequest","message":"Invalid skiptoken"}}')
            return
        kinds = re.findall(r"'(\w+)'", asked[3] or "'interactiveUser'")
        wanted = [e for e in graph.events if datetime.fromisoformat(e[clock]) >= datetime.fromisoformat(asked[2])]
        if graph.of == "signIns":
            wanted = [e for e in wanted if set(e["signInEventTypes"]) & set(kinds)]
        wanted = sorted((e for e in wanted if _place(e, clock) > after), key=lambda e: _place(e, clock))
        chosen = wanted[: 0 if graph.gaps and "$skiptoken" in query else graph.page]
        body: dict[str, Any] = {"@odata.context": f"{graph.base}/$metadata#auditLogs/{graph.of}"}
        if len(wanted) > len(chosen):
            if not chosen:
                graph.gaps -= 1
            last = _place(chosen[-1], clock) if chosen else after
            following = {**query, "$skiptoken": f"{graph.epoch}|{last}", "page": str(len(graph.requests))}
            body["@odata.nextLink"] = f"{graph.base}/auditLogs/{graph.of}?{urlencode(following)}"
        self.answer(200, {"request-id": "request-1"}, json.dumps(body | {"value": chosen}, ensure_ascii=False).encode())


class Graph(StandIn):
    """Events of one list as they show. `gaps` later pages are empty, and lead on."""

    handler = _Handler

    def __init__(self, of: str, version: str) -> None:
        super().__init__()
        self.of, self.version = of, version
        self.base = f"{self.origin}/{version}"
        self.epoch = 0
        self.gaps = 0

    def add(self, *moments: datetime, **fields: Any) -> None:
        """Show events that happened at the given moments."""
        for moment in moments:
            self.events.append(
                {
                    "id": f"id-{len(self.events):04d}",
                    CLOCKS[self.of]: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                    "text": "ü\u2028 </x>",
                }
                | fields
            )

    def expire_cursors(self) -> None:
        self.epoch += 1


def _place(event: dict[str, Any], clock: str) -> str:
    return f"{event[clock]} {event['id']}"
