"""What the content types of the Office 365 Management Activity API share: its token, its lists, and what they name.

A content type is subscribed to; then content, an array of records that came in over a while, is listed by when it was
made, at most 24 hours at a time and 7 days back, and fetched one by one.
https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from transforms.readers.azure_token import bearer
from transforms.readers.http import ApiContext, ApiPull, Seen

if TYPE_CHECKING:
    import httpx

TOKEN = "OFFICE365_TOKEN"  # noqa: S105  (the variable's name)
PUBLISHER = "OFFICE365_PUBLISHER"
SCOPE = "https://manage.office.com/.default"
KEPT = timedelta(days=7)


def office_headers(environment: Mapping[str, str]) -> dict[str, str]:
    """Headers with OFFICE365_TOKEN, or with a token from Azure's default credential chain.

    Raises ConfigError where neither gives one.
    """
    return bearer(environment, TOKEN, SCOPE, "the Office 365 Management Activity API")


def content_type(name: str) -> ApiPull:
    """The stream of a content type."""

    def first(context: ApiContext) -> str:
        span = {"contentType": name, "startTime": _seconds(context.since), "endTime": _seconds(context.until)}
        return f"{context.base}/subscriptions/content?{urlencode(span | _publisher(context))}"

    def begin(context: ApiContext) -> str:
        return f"{context.base}/subscriptions/start?{urlencode({'contentType': name} | _publisher(context))}"

    return ApiPull(
        stream=name,
        place="https://manage.office.com/api/v1.0/TENANT/activity/feed",
        permission=f"ActivityFeed.Read of Office 365 Management APIs, granted to the workload's identity; or {TOKEN}",
        first=first,
        headers=office_headers,
        following=next_page,
        measure=measure,
        contents=contents,
        begin=begin,
        lookback=KEPT - timedelta(hours=1),
        reach=KEPT - timedelta(hours=1),
        window=timedelta(hours=24),
        overlap=timedelta(hours=2),
    )


def next_page(headers: httpx.Headers, body: Any) -> str | None:
    """The URL of the header `NextPageUri`."""
    url = headers.get("nextpageuri")
    return url if isinstance(url, str) else None


def contents(context: ApiContext, body: Any) -> list[str]:
    """The URLs of the content that a page lists."""
    if not isinstance(body, list):
        raise ValueError("the page is no list of content")
    urls = [url for item in body if isinstance(item, dict) and isinstance(url := item.get("contentUri"), str)]
    if len(urls) < len(body):
        raise ValueError("the list names content without its address")
    publisher = urlencode(_publisher(context))
    return [f"{url}{'&' if '?' in url else '?'}{publisher}" if publisher else url for url in urls]


def measure(body: Any) -> Seen:
    """How many records a content holds."""
    if not isinstance(body, list):
        raise ValueError("the content is no array of records")
    return Seen(records=len(body))


def _publisher(context: ApiContext) -> dict[str, str]:
    """Whose quota requests count against: without it, that of all who name none."""
    publisher = context.environment.get(PUBLISHER, "").strip()
    return {"PublisherIdentifier": publisher} if publisher else {}


def _seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
