"""Pull an HTTP API into landing objects: each page, as it came, is an immutable object, put if absent.

    <landing>/<stream>/<sequence, 12 digits>.json
    {"url":..., "status":200, "received_at":..., "headers":{...}, "next":..., "body":<the page's own JSON>}

The objects are the only state. A pull goes on from the last object's `next`; a crash between fetch and put
fetches the page again; of two pullers one wins each sequence, and the loser goes on from the winner's page.
"""

from __future__ import annotations

import email.utils
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import msgspec

from transforms.errors import CatchmentError, ConfigError, DataError, RetryableError
from transforms.readers.base import ObjectStore, RemoteObject
from transforms.readers.remote import shown

if TYPE_CHECKING:
    import httpx  # at run time inside the functions: declarations of sources are read at every DAG parse

SAFE_HEADERS = (
    "content-type",
    "date",
    "etag",
    "last-modified",
    "link",
    "x-github-request-id",
    "x-okta-request-id",
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
)
"""Response headers that a landed page carries; cookies and anything unknown stay out."""

ATTEMPTS = 6
"""Requests for one page before giving up, throttled ones not counted."""
LONGEST_WAIT = 120.0
"""Seconds of one sleep, whatever the server asks for."""
WAIT_BUDGET = 600.0
"""Seconds that one pull sleeps in all; then RetryableError, and the scheduler comes back later."""
RESTARTS = 3
"""Cursors that may turn out invalid in one pull."""
MAX_PAGE = 256 << 20
"""Bytes of one page, decompressed."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


Headers = Callable[[Mapping[str, str]], dict[str, str]]
"""Request headers from the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiContext:
    """What the first request of a chain is made from. `base` has no trailing slash."""

    base: str
    since: datetime
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How many records a page holds, the newest event time among them, and their ids where chains end.

    An API whose last page has no next one is asked again from a little before the newest event: `ids` tell that a
    page holds nothing but what earlier ones held, and such a page leaves no object.
    """

    records: int
    newest: datetime | None = None
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPull:
    """The declaration of one stream of an API.

    first: the URL of a new chain of pages from `context.since` on.
    headers: the request's headers with the credentials; raises ConfigError without them.
    following: the next page's URL from the response's headers and decoded body, or None at the end.
    measure: what a decoded body holds, ValueError for what is no page. A page without records ends the pull
    and leaves no object.
    place, permission: for the reference, an example of CATCHMENT_<SOURCE>_FROM, and the least right that reads the
    stream with what holds the credential.
    """

    stream: str
    first: Callable[[ApiContext], str]
    headers: Headers
    following: Callable[[httpx.Headers, Any], str | None]
    measure: Callable[[Any], Seen]
    place: str = ""
    permission: str = ""
    lookback: timedelta = timedelta(days=7)
    """How far back the very first pull begins."""
    overlap: timedelta = timedelta(hours=1)
    """How far before the newest event seen a new chain begins: the last one ended, or its cursor is no longer valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResult:
    """Pages that this pull put, the last landing object there is, and whether the API had no more."""

    pages: int
    last_uri: str | None
    complete: bool


def token_header(variable: str, form: str, header: str = "Authorization") -> Headers:
    """Headers with a token from an environment variable, in the vendor's form such as `SSWS {}`."""

    def headers(environment: Mapping[str, str]) -> dict[str, str]:
        token = environment.get(variable, "").strip()
        if not token:
            raise ConfigError(f"no API token; set {variable}")
        if not (token.isascii() and token.isprintable()):
            raise ConfigError(f"{variable}: holds characters that no token has")
        return {header: form.format(token), "Accept": "application/json"}

    return headers


def next_link(headers: httpx.Headers, body: Any) -> str | None:
    """The URL of `Link: <...>; rel="next"` (RFC 8288); several Link headers are one list."""
    import httpx

    for link in httpx.Response(200, headers=headers).links.values():
        if link.get("rel") == "next":
            return link.get("url")
    return None


def records_by(clock: str) -> Callable[[Any], Seen]:
    """Measure for a body that is an array of objects with an ISO 8601 time under `clock`."""

    def measure(body: Any) -> Seen:
        if not isinstance(body, list):
            raise ValueError("the page is no array")
        times = [_time(record.get(clock)) for record in body if isinstance(record, dict)]
        return Seen(records=len(body), newest=max((t for t in times if t), default=None))

    return measure


def iso(moment: datetime) -> str:
    """`2026-11-23T14:00:00.000Z`, the form of most APIs."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _time(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Landed(msgspec.Struct):
    """What resuming needs of a landed page."""

    next: str | None
    body: msgspec.Raw


class _CursorInvalid(Exception):
    """The server no longer knows the cursor."""


def pull(
    api: ApiPull,
    base: str,
    store: ObjectStore,
    landing_uri: str,
    environment: Mapping[str, str],
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    client: httpx.Client | None = None,
    start_after: str | None = None,
    max_pages: int = 1000,
) -> PullResult:
    """Land every page that the API has beyond the last one landed, at most `max_pages`.

    `base` is the API's https:// address (http:// on loopback only), `landing_uri` is `<lake>/landing/<source>`.
    `start_after` is a landing object that was seen before, so that only later ones are listed. Raises
    ConfigError (token, address), RetryableError (the API is unreachable, throttles or fails), DataError (a
    landing object cannot be read).
    """
    import httpx

    own = client is None
    session = client or httpx.Client(timeout=httpx.Timeout(60.0, connect=10.0))
    try:
        run = _Pull(api, _checked(base), store, landing_uri, environment, clock, sleep, session, max_pages)
        return run.run(start_after)
    finally:
        if own:
            session.close()


def _checked(base: str) -> str:
    parts = urlsplit(base)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ConfigError(f"{shown(base)}: expected an address such as https://example.okta.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ConfigError(f"{shown(base)}: credentials go over https only")
    return base.rstrip("/")


def _origin(url: str) -> tuple[str, str, int | None, bytes] | None:
    """Where a request to `url` would go, by the parser that sends it."""
    import httpx

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return None
    return parsed.scheme, parsed.host, parsed.port, parsed.userinfo


@dataclass(slots=True)
class _Pull:
    api: ApiPull
    base: str
    store: ObjectStore
    landing: str
    environment: Mapping[str, str] = field(repr=False)
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    client: httpx.Client
    max_pages: int
    waited: float = 0.0
    held: dict[str, Seen] = field(default_factory=dict)
    """What landed pages hold, of those that this pull has read."""

    def run(self, start_after: str | None) -> PullResult:
        headers = self.api.headers(self.environment)
        prefix = f"{self.landing.rstrip('/')}/{self.api.stream}/"
        last, url, newest = self._resume(prefix, start_after)
        pages = passed = restarts = 0
        while pages + passed < self.max_pages:
            fresh = url is None or not self._ours(url)
            target = self._first(newest) if fresh or url is None else url
            try:
                page, following, seen = self._fetch(target, headers, cursor=not fresh)
            except _CursorInvalid:
                restarts += 1
                if restarts > RESTARTS:
                    raise RetryableError(f"{self.base}: {restarts} cursors in a row were refused") from None
                url = None
                continue
            if seen.records == 0:
                return PullResult(pages=pages, last_uri=last, complete=True)
            if seen.ids and seen.ids <= self._known(prefix, last, newest):
                if following is None:
                    return PullResult(pages=pages, last_uri=last, complete=True)
                passed, url = passed + 1, following
                continue
            uri = f"{prefix}{_sequence(last) + 1:012d}.json"
            if not self.store.put_if_absent(uri, page):
                before, (last, url, newest) = last, self._resume(prefix, last)  # a rival's pages: go on from them
                if last == before:
                    raise RetryableError(f"{shown(uri)}: exists, but is not listed yet")
                continue
            self.held[uri] = seen
            pages, last, url, newest = pages + 1, uri, following, seen.newest or newest
            if url is None:
                return PullResult(pages=pages, last_uri=last, complete=True)
        return PullResult(pages=pages, last_uri=last, complete=False)

    def _first(self, newest: datetime | None) -> str:
        now = self.clock()
        since = now - self.api.lookback if newest is None else min(newest, now) - self.api.overlap
        context = ApiContext(base=self.base, since=since, environment=self.environment)
        return self.api.first(context)

    def _ours(self, url: str) -> bool:
        """Whether the credentials may go there: same scheme, host and port as the configured address."""
        return _origin(url) == _origin(self.base)

    def _resume(self, prefix: str, start_after: str | None) -> tuple[str | None, str | None, datetime | None]:
        """(last landing object, its next URL, its newest event time)."""
        tail: RemoteObject | None = None
        for item in self.store.walk(prefix, start_after):
            if item.uri.endswith(".json"):
                tail = item
        if tail is None and start_after is not None:
            before = _before(prefix, start_after)
            tail = next((o for o in self.store.walk(prefix, before) if o.uri == start_after), None)
        if tail is None:
            return start_after, None, None
        following, seen = self._landed(tail)
        self.held[tail.uri] = seen
        return tail.uri, following, seen.newest

    def _known(self, prefix: str, last: str | None, newest: datetime | None) -> frozenset[str]:
        """The ids of the landed pages that hold anything within the overlap before the newest event."""
        since = newest - self.api.overlap if newest else None
        known: frozenset[str] = frozenset()
        while last is not None and since is not None:
            if last not in self.held:
                item = next((o for o in self.store.walk(prefix, _before(prefix, last)) if o.uri == last), None)
                if item is None:  # tidied away
                    break
                self.held[last] = self._landed(item)[1]
            known |= self.held[last].ids
            if (self.held[last].newest or since) < since:
                break
            last = _before(prefix, last)
        return known

    def _landed(self, item: RemoteObject) -> tuple[str | None, Seen]:
        """(next URL, what the page holds) of a landing object."""
        try:
            with self.store.open(item) as stream:
                landed = msgspec.json.decode(_all(stream), type=_Landed)
                return landed.next, self.api.measure(msgspec.json.decode(landed.body))
        except (msgspec.DecodeError, ValueError) as error:
            raise DataError(f"{shown(item.uri)}: no landed page: {error}") from None

    def _fetch(self, url: str, headers: dict[str, str], *, cursor: bool) -> tuple[bytes, str | None, Seen]:
        """(landing object, next URL, what the page holds), after as many attempts as it takes."""
        import httpx

        failures = 0
        while True:
            try:
                response, body = self._get(url, headers)
                if response.status_code == 200:
                    return self._page(url, response, body)
                wait = self._refused(url, response, cursor=cursor)
            except (httpx.TransportError, httpx.DecodingError, _Unreadable) as error:
                wait, reason = None, f"{type(error).__name__}: {error}"
            else:
                reason = f"status {response.status_code}"
            if wait is None:
                failures += 1
                if failures >= ATTEMPTS:
                    raise RetryableError(f"{_place(url)}: {reason}, {failures} times in a row") from None
                wait = 2.0 ** (failures - 1) * random.uniform(0.75, 1.25)  # noqa: S311
            self._wait(wait, f"{_place(url)}: {reason}")

    def _get(self, url: str, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
        with self.client.stream("GET", url, headers=headers, follow_redirects=False) as response:
            body = bytearray()
            for block in response.iter_bytes():
                body += block
                if len(body) > MAX_PAGE:
                    raise ConfigError(f"{_place(url)}: a page of over {MAX_PAGE >> 20} MB; ask for fewer records")
            return response, bytes(body)

    def _refused(self, url: str, response: httpx.Response, *, cursor: bool) -> float | None:
        """Seconds that the server asks to wait, None for the usual backoff. Raises what no wait can mend."""
        status = response.status_code
        if status == 429 or (status == 403 and _is_throttled(response.headers)):
            return self._asked(response.headers)
        if status >= 500 or status == 408:
            return self._asked(response.headers) if "retry-after" in response.headers else None
        if cursor and status in (400, 404, 410):
            raise _CursorInvalid
        if status in (401, 403):
            raise ConfigError(f"{_place(url)}: the API refused the token (status {status})")
        if 300 <= status < 400:
            target = urlsplit(response.headers.get("location", "")).hostname
            raise ConfigError(f"{_place(url)}: redirects to {target}; not followed, set the final address")
        raise ConfigError(f"{_place(url)}: the API refused the request (status {status})")

    def _asked(self, headers: httpx.Headers) -> float | None:
        text = headers.get("retry-after", "")
        reset = headers.get("x-rate-limit-reset", headers.get("x-ratelimit-reset", ""))
        now = self.clock()
        if text.strip().isdigit():
            return float(text)
        if text:
            try:
                return float((email.utils.parsedate_to_datetime(text) - now).total_seconds())
            except (TypeError, ValueError):
                return None
        return int(reset) - now.timestamp() if reset.strip().isdigit() else None

    def _wait(self, seconds: float, reason: str) -> None:
        seconds = min(max(seconds, 1.0), LONGEST_WAIT)
        if self.waited + seconds > WAIT_BUDGET:
            raise RetryableError(f"{reason}; waited {self.waited:.0f} s in all")
        self.waited += seconds
        self.sleep(seconds)

    def _page(self, url: str, response: httpx.Response, body: bytes) -> tuple[bytes, str | None, Seen]:
        try:
            decoded = msgspec.json.decode(body)
            seen = self.api.measure(decoded)
        except (msgspec.DecodeError, ValueError) as error:  # cut off, or a proxy's page in between
            raise _Unreadable(str(error)) from None
        link = self.api.following(response.headers, decoded)
        following = urljoin(url, link) if link else None
        if following == url and seen.records:
            raise _Unreadable("the next page is the page itself")
        if following is not None and not self._ours(following):
            raise ConfigError(
                f"{_place(url)}: the next page is on {shown(urlsplit(following).netloc)}, where the token does "
                "not go; if that is the API's own address, set it as the source's place"
            )
        head = {
            "url": url,
            "status": response.status_code,
            "received_at": iso(self.clock()),
            "headers": {k: response.headers[k] for k in SAFE_HEADERS if k in response.headers},
            "next": following,
            "body": msgspec.Raw(body),
        }
        return msgspec.json.encode(head), following, seen


class _Unreadable(CatchmentError):
    """A page with status 200 that is not what the API sends."""


def _is_throttled(headers: httpx.Headers) -> bool:
    """GitHub throttles with 403 as well: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"


def _before(prefix: str, uri: str) -> str | None:
    """The landing object before `uri` in its sequence."""
    number = _sequence(uri)
    return f"{prefix}{number - 1:012d}.json" if number else None


def _sequence(uri: str | None) -> int:
    if uri is None:
        return -1
    name = uri.rsplit("/", 1)[-1].removesuffix(".json")
    if not (name.isascii() and name.isdigit()):
        raise DataError(f"{shown(uri)}: not the name of a landed page")
    return int(name)


def _all(stream: Any) -> bytes:
    blocks = []
    while block := stream.read(1 << 20):
        blocks.append(block)
    return b"".join(blocks)


def _place(url: str) -> str:
    """The address without its query, which may hold cursors."""
    parts = urlsplit(url)
    return shown(f"{parts.scheme}://{parts.netloc}{parts.path}")
