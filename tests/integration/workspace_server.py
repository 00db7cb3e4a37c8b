"""A stand-in for Google Workspace's Reports API and Google's token endpoint: a server that checks what it is asked.

It follows https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list: activities between
`startTime` and `endTime`, newest first, at most 1,000 a page, the token of the next page in `nextPageToken`, which the
last page lacks, and no `items` where there are none. Activities show a while after they happened. The token endpoint
follows https://developers.google.com/identity/protocols/oauth2/service-account#httprest.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from google.auth import jwt

from tests.integration.standin import Handler, StandIn
from transforms.readers.workspace import SCOPE

TOKEN = "stand-in-token-2208"
PATH = "/admin/reports/v1/activity/users/all/applications/"


class _Handler(Handler):
    api: Workspace

    def refused(self, path: str, query: dict[str, str]) -> tuple[int, bytes] | None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, b'{"error":{"code":401,"errors":[{"reason":"authError"}]}}'
        since, until = _moment(query.get("startTime")), _moment(query.get("endTime"))
        right = since is not None and until is not None and since < until and query.get("maxResults") == "1000"
        if not path.startswith(PATH) or not right:
            self.api.problems.append(self.path)
            return 400, b'{"error":{"code":400,"errors":[{"reason":"badRequest"}]}}'
        if path.removeprefix(PATH) in self.api.forbidden:
            return 403, b'{"error":{"code":403,"errors":[{"reason":"insufficientPermissions"}]}}'
        return None

    def good(self, query: dict[str, str]) -> None:
        api = self.api
        name = self.path.removeprefix(PATH).partition("?")[0]
        epoch, _, before = query.get("pageToken", f"{api.epoch}|~").partition("|")
        if int(epoch) != api.epoch:
            self.answer(400, {}, b'{"error":{"code":400,"message":"Invalid pageToken"}}')
            return
        wanted = [
            item
            for item in api.events
            if item["id"]["applicationName"] == name
            and query["startTime"] <= item["id"]["time"] < query["endTime"]
            and _place(item) < before
        ]
        wanted.sort(key=_place, reverse=True)
        chosen = wanted[: api.page]
        body: dict[str, Any] = {"kind": "admin#reports#activities", "etag": '"e"'}
        if chosen:
            body["items"] = chosen
        if len(wanted) > len(chosen):
            body["nextPageToken"] = f"{api.epoch}|{_place(chosen[-1])}"
        self.answer(200, {}, json.dumps(body, indent=1, ensure_ascii=False).encode())

    def do_POST(self) -> None:
        """The exchange of an assertion that a service account signed, in an administrator's name."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        claims = jwt.decode(form["assertion"][0], certs=self.api.certificate)
        self.api.claims.append(claims)
        granted = claims["scope"] == SCOPE and claims.get("sub") == "admin@example.com"
        answer = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        refusal = {"error": "unauthorized_client", "error_description": "not delegated: secret-of-the-chain"}
        self.answer(200 if granted else 401, {}, json.dumps(answer if granted else refusal).encode())


class Workspace(StandIn):
    """Activities as they show; applications that are `forbidden`; the certificate that the token endpoint trusts."""

    handler = _Handler

    def __init__(self) -> None:
        super().__init__()
        self.base = self.origin
        self.epoch = 0
        self.forbidden: set[str] = set()
        self.certificate: bytes = b""
        self.claims: list[Any] = []

    def add(self, application: str, *moments: datetime) -> None:
        """Show activities that happened at the given moments."""
        for moment in moments:
            number = len(self.events)
            self.events.append(
                {
                    "kind": "admin#reports#activity",
                    "id": {
                        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
                        "uniqueQualifier": str(-(10**17) - number),
                        "applicationName": application,
                        "customerId": "C00example",
                    },
                    "etag": f'"{number}"',
                    "actor": {"email": "a@example.com", "profileId": "1"},
                    "events": [{"type": "login", "name": "login_success", "parameters": []}],
                    "text": "ü\u2028 </x>",
                }
            )

    def expire_tokens(self) -> None:
        self.epoch += 1


def _place(item: dict[str, Any]) -> str:
    return f"{item['id']['time']} {item['id']['uniqueQualifier']}"


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return None
