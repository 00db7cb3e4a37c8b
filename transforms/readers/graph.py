"""What the lists of Microsoft Graph share: its token, its pages, and how far they reach.

https://learn.microsoft.com/graph/paging, https://learn.microsoft.com/graph/throttling
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from transforms.readers.azure_token import bearer
from transforms.readers.http import ApiContext, Seen, iso, records_by

if TYPE_CHECKING:
    import httpx

TOKEN = "MICROSOFT_GRAPH_TOKEN"  # noqa: S105  (the variable's name)
SCOPE = "https://graph.microsoft.com/.default"
PAGE = 999
"""Records of one page: what every list of Graph allows."""


def graph_headers(environment: Mapping[str, str]) -> dict[str, str]:
    """Headers with MICROSOFT_GRAPH_TOKEN, or with a token from Azure's default credential chain. Raises ConfigError."""
    return bearer(environment, TOKEN, SCOPE, "Microsoft Graph")


def since(path: str, clock: str, condition: str = "") -> Callable[[ApiContext], str]:
    """The first page's URL: what a list has from a moment on, oldest first, with a further OData condition."""

    def first(context: ApiContext) -> str:
        wanted = f"{clock} ge {iso(context.since)}{condition and f' and {condition}'}"
        return f"{context.base}/{path}?$filter={quote(wanted, safe='')}&$orderby={clock}&$top={PAGE}"

    return first


def next_page(headers: httpx.Headers, body: Any) -> str | None:
    """The URL of `@odata.nextLink`."""
    following = body.get("@odata.nextLink")
    return following if isinstance(following, str) else None


def values_by(clock: str) -> Callable[[Any], Seen]:
    """Measure for a page whose records have an ISO 8601 time under `clock`, and an `id`.

    An empty page that names a next one counts as one record: Graph may send it in mid-list, and what follows is reached
    by it alone.
    """
    listed = records_by(clock)

    def measure(body: Any) -> Seen:
        if not isinstance(body, dict) or not isinstance(body.get("value"), list):
            raise ValueError("the page has no list of values")
        records = body["value"]
        ids = frozenset(
            str(record.get("id") or msgspec.json.encode(record, order="deterministic"))
            for record in records
            if isinstance(record, dict)
        )
        seen = listed(records)
        return replace(seen, records=seen.records or int("@odata.nextLink" in body), ids=ids)

    return measure
