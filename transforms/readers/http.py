"""Pull an HTTP API into landing objects: each page, as it came, is an immutable object, put if absent.

    <landing>/<stream>/<sequence, 12 digits>.json
    {"url":..., "status":200, "received_at":..., "headers":{...}, "next":..., "body":<the page's own JSON>}

The objects are the only state. A pull goes on from the last object's `next`; a crash between fetch and put
fetches the page again; of two pullers one wins each sequence, and the loser goes on from the winner's page.

Where pages are in no order to go on by (newest first, say), time is asked for window by window, and a page carries its
`window` too: the next one begins where the last ended, less the overlap. Where pages list what is to be fetched, what
they list is landed, and they are not.
"""

from __future__ import annotations

import email.utils
import random
import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
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
GOOGLE_THROTTLES = re.compile(rb'"reason":\s*"(?:userRateLimitExceeded|rateLimitExceeded|quotaExceeded)"')


T = TypeVar("T")
Headers = Callable[[Mapping[str, str]], dict[str, str]]
"""Request headers from the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiContext:
    """What a chain's first request is made from. `base` has no trailing slash, `until` is now or a window's end."""

    base: str
    since: datetime
    until: datetime
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
    contents: where pages are lists of what is to be fetched, the URLs that a decoded one holds, ValueError for what is
    no list; `measure` is then of what stands there.
    begin: the URL of the POST without which an API that wants to be subscribed to refuses the first page.
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
    """How far before the newest event seen a new chain begins: the last one ended, or its cursor is no longer valid.
    How far windows overlap, of an API that is asked for windows; shorter than they are."""
    window: timedelta | None = None
    """The longest time that is asked for at once, of an API whose pages are in no order to go on by."""
    reach: timedelta | None = None
    """How far back an API that is asked for windows goes."""
    parameter: str | None = None
    """The query parameter that takes what `following` gives, where that is no URL but a token."""
    contents: Callable[[ApiContext, Any], list[str]] | None = None
    begin: Callable[[ApiContext], str] | None = None


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


Window = tuple[datetime, datetime]
"""Since and until."""


class _Landed(msgspec.Struct):
    """What resuming needs of a landed page."""

    next: str | None
    body: msgspec.Raw
    url: str = ""
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer with status 200; `following` is the next page's URL."""

    url: str
    received_at: datetime
    headers: dict[str, str]
    body: bytes
    following: str | None

    def landed(self, following: str | None, window: Window | None = None) -> bytes:
        """The landing object that leads on to `following`."""
        head = {
            "url": self.url,
            "status": 200,
            "received_at": iso(self.received_at),
            "headers": self.headers,
            "next": following,
            **({"window": [moment.isoformat() for moment in window]} if window else {}),
            "body": msgspec.Raw(self.body),
        }
        return msgspec.json.encode(head)


class _CursorInvalid(Exception):
    """The server no longer knows the cursor."""


class _Rival(Exception):
    """Another puller landed a page under the sequence that was to be taken."""


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
    headers: dict[str, str] | None = None,
    start_after: str | None = None,
    max_pages: int = 1000,
    written: Callable[[bytes], bytes] = bytes,
) -> PullResult:
    """Land every page that the API has beyond the last one landed, at most `max_pages`.

    `base` is the API's https:// address (http:// on loopback only), `landing_uri` is `<lake>/landing/<source>`.
    `start_after` is a landing object that was seen before, so that only later ones are listed. Raises
    ConfigError (token, address), RetryableError (the API is unreachable, throttles or fails), DataError (a
    landing object cannot be read). `client` and `headers` (with the credentials) are made where they are not given.
    `written` makes of a page what is landed of it: without its secrets, where it holds any.
    """
    with new_client() if client is None else nullcontext(client) as session:
        run = _Pull(api, _checked(base), store, landing_uri, environment, clock, sleep, session, max_pages, written)
        return run.run(headers or api.headers(environment), start_after)


def new_client() -> httpx.Client:
    import httpx

    return httpx.Client(timeout=httpx.Timeout(60.0, connect=10.0))


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
    written: Callable[[bytes], bytes]
    waited: float = 0.0
    held: dict[str, Seen] = field(default_factory=dict)
    """What landed pages hold, of those that this pull has read."""

    def run(self, headers: dict[str, str], start_after: str | None) -> PullResult:
        prefix = f"{self.landing.rstrip('/')}/{self.api.stream}/"
        if self.api.window is not None:
            return self._by_window(self.api.window, headers, prefix, start_after)
        last, url, newest = self._resume(prefix, start_after)
        pages = passed = restarts = 0
        while pages + passed < self.max_pages:
            fresh = url is None or not self._ours(url)
            target = self._first(newest) if fresh or url is None else url
            try:
                answer, seen = self._fetch(target, headers, self.api.measure, cursor=not fresh)
            except _CursorInvalid:
                restarts += 1
                self._restarted(restarts)
                url = None
                continue
            if seen.records == 0:
                return PullResult(pages=pages, last_uri=last, complete=True)
            if seen.ids and seen.ids <= self._known(prefix, last, newest):
                if answer.following is None:
                    return PullResult(pages=pages, last_uri=last, complete=True)
                passed, url = passed + 1, answer.following
                continue
            try:
                uri = self._put(prefix, last, answer.landed(answer.following))
            except _Rival:
                last, url, newest = self._resume(prefix, last)
                continue
            self.held[uri] = seen
            pages, last, url, newest = pages + 1, uri, answer.following, seen.newest or newest
            if url is None:
                return PullResult(pages=pages, last_uri=last, complete=True)
        return PullResult(pages=pages, last_uri=last, complete=False)

    def _by_window(
        self, longest: timedelta, headers: dict[str, str], prefix: str, start_after: str | None
    ) -> PullResult:
        """Land one window after the other until now. One has ended where its last landed page has no next one."""
        end = self.clock()
        last, window, url = self._position(prefix, start_after, longest, end)
        known = self._known_since(prefix, last, window[0])
        pages = restarts = 0
        begun, led_on, asked = False, url is not None, set[str]()
        while pages < self.max_pages:
            context = ApiContext(base=self.base, since=window[0], until=window[1], environment=self.environment)
            target = url or self.api.first(context)
            if target in asked:
                raise RetryableError(f"{_place(target)}: the pages lead in a circle")
            asked.add(target)
            read: Callable[[Any], Seen | list[str]] = self.api.measure
            if self.api.contents is not None:
                read = partial(self.api.contents, context)
            try:
                answer, held = self._fetch(target, headers, read, cursor=url is not None)
                for item, following, ids in self._items(answer, held, headers, known):
                    # what holds nothing new is left out, but for the last page of a window that has others
                    if not ids <= known or (led_on and following is None):
                        last = self._put(prefix, last, item.landed(following, window))
                        known |= ids
                        pages, led_on = pages + 1, following is not None
            except _BadRequest:
                if self.api.begin is None or begun:
                    raise
                self._begin(self.api.begin(context), headers)
                begun, asked = True, set()
                continue
            except _CursorInvalid:
                restarts += 1
                self._restarted(restarts)
                url, asked = None, set()
                continue
            except _Rival:
                last, window, url = self._position(prefix, last, longest, end)
                known |= self._known_since(prefix, last, window[0])
                led_on, asked = url is not None, set()
                continue
            url = answer.following
            if url is None:
                if window[1] >= end:
                    return PullResult(pages=pages, last_uri=last, complete=True)
                window, led_on, asked = self._next_window(window, longest, end), False, set()
        return PullResult(pages=pages, last_uri=last, complete=False)

    def _items(
        self, answer: _Answer, held: Seen | list[str], headers: dict[str, str], known: AbstractSet[str]
    ) -> Iterator[tuple[_Answer, str | None, AbstractSet[str]]]:
        """(what is to be landed, where to go on, its ids): the page, or each thing that it lists and is not known."""
        if isinstance(held, Seen):
            yield answer, answer.following, held.ids
            return
        fresh = [url for url in dict.fromkeys(held) if url not in known]
        for url in fresh:
            self._only_ours(answer.url, url)
            content, _ = self._fetch(url, headers, self.api.measure, cursor=True)
            yield content, answer.following if url == fresh[-1] else answer.url, {url}

    def _begin(self, url: str, headers: dict[str, str]) -> None:
        """Subscribe. A refusal says that it is so already, else the first page is refused again."""
        with suppress(_CursorInvalid):
            self._fetch(url, headers, lambda body: None, cursor=True, method="POST")

    def _position(
        self, prefix: str, start_after: str | None, longest: timedelta, end: datetime
    ) -> tuple[str | None, Window, str | None]:
        """(last landing object, the window to go on with, the URL to go on from within it)."""
        last, landed = self._last(prefix, start_after)
        window = landed.window if landed else None
        if landed is None or window is None or landed.next is None:
            return last, self._next_window(window, longest, end), None
        since = self._within_reach(window[0], end)
        if since > window[0]:  # what is left of it is asked for anew
            return last, (since, window[1]) if since < window[1] else self._next_window(window, longest, end), None
        return last, window, landed.next if self._ours(landed.next) else None

    def _next_window(self, window: Window | None, longest: timedelta, end: datetime) -> Window:
        """The window that follows, or the very first one."""
        since = end - self.api.lookback if window is None else min(window[1], end) - self.api.overlap
        since = self._within_reach(since, end)
        return since, min(since + longest, end)

    def _within_reach(self, since: datetime, end: datetime) -> datetime:
        return since if self.api.reach is None else max(since, end - self.api.reach)

    def _known_since(self, prefix: str, last: str | None, since: datetime) -> set[str]:
        """The ids of the landed pages whose window reaches beyond `since`."""
        known: set[str] = set()
        while last is not None and (item := self._item(prefix, last)) is not None:
            landed = self._opened(item)
            if landed.window is None or landed.window[1] < since:
                break
            known |= {landed.url} if self.api.contents else self._seen(last, landed).ids
            last = _before(prefix, last)
        return known

    def _restarted(self, restarts: int) -> None:
        if restarts > RESTARTS:
            raise RetryableError(f"{self.base}: {restarts} cursors in a row were refused") from None

    def _put(self, prefix: str, last: str | None, page: bytes) -> str:
        """Land a page behind the last one. Raises _Rival where somebody else did."""
        uri = f"{prefix}{_sequence(last) + 1:012d}.json"
        if self.store.put_if_absent(uri, self.written(page)):
            return uri
        if self._last(prefix, last)[0] == last:
            raise RetryableError(f"{shown(uri)}: exists, but is not listed yet")
        raise _Rival

    def _first(self, newest: datetime | None) -> str:
        now = self.clock()
        since = now - self.api.lookback if newest is None else min(newest, now) - self.api.overlap
        return self.api.first(ApiContext(base=self.base, since=since, until=now, environment=self.environment))

    def _ours(self, url: str) -> bool:
        """Whether the credentials may go there: same scheme, host and port as the configured address."""
        return _origin(url) == _origin(self.base)

    def _only_ours(self, url: str, onward: str) -> None:
        if not self._ours(onward):
            raise ConfigError(
                f"{_place(url)}: the next page is on {shown(urlsplit(onward).netloc)}, where the token does "
                "not go; if that is the API's own address, set it as the source's place"
            )

    def _last(self, prefix: str, start_after: str | None) -> tuple[str | None, _Landed | None]:
        """The last landing object."""
        tail: RemoteObject | None = None
        for item in self.store.walk(prefix, start_after):
            if item.uri.endswith(".json"):
                tail = item
        if tail is None and start_after is not None:
            tail = self._item(prefix, start_after)
        if tail is None:
            return start_after, None
        return tail.uri, self._opened(tail)

    def _resume(self, prefix: str, start_after: str | None) -> tuple[str | None, str | None, datetime | None]:
        """(last landing object, its next URL, its newest event time)."""
        last, landed = self._last(prefix, start_after)
        if last is None or landed is None:
            return last, None, None
        self.held[last] = self._seen(last, landed)
        return last, landed.next, self.held[last].newest

    def _known(self, prefix: str, last: str | None, newest: datetime | None) -> frozenset[str]:
        """The ids of the landed pages that hold anything within the overlap before the newest event."""
        since = newest - self.api.overlap if newest else None
        known: frozenset[str] = frozenset()
        while last is not None and since is not None:
            if last not in self.held:
                item = self._item(prefix, last)
                if item is None:  # tidied away
                    break
                self.held[last] = self._seen(last, self._opened(item))
            known |= self.held[last].ids
            if (self.held[last].newest or since) < since:
                break
            last = _before(prefix, last)
        return known

    def _item(self, prefix: str, uri: str) -> RemoteObject | None:
        return next((item for item in self.store.walk(prefix, _before(prefix, uri)) if item.uri == uri), None)

    def _opened(self, item: RemoteObject) -> _Landed:
        try:
            with self.store.open(item) as stream:
                return msgspec.json.decode(_all(stream), type=_Landed)
        except (msgspec.DecodeError, ValueError) as error:
            raise DataError(f"{shown(item.uri)}: no landed page: {error}") from None

    def _seen(self, uri: str, landed: _Landed) -> Seen:
        """What a landing object's page holds."""
        try:
            return self.api.measure(msgspec.json.decode(landed.body))
        except (msgspec.DecodeError, ValueError) as error:
            raise DataError(f"{shown(uri)}: no landed page: {error}") from None

    def _fetch(
        self, url: str, headers: dict[str, str], read: Callable[[Any], T], *, cursor: bool, method: str = "GET"
    ) -> tuple[_Answer, T]:
        """(the answer, what `read` makes of its body), after as many attempts as it takes; ValueError: one more."""
        import httpx

        failures = 0
        while True:
            try:
                response, body = self._get(method, url, headers)
                if response.status_code == 200:
                    return self._answer(url, response, body, read)
                wait = self._refused(url, response, body, cursor=cursor)
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

    def _get(self, method: str, url: str, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
        with self.client.stream(method, url, headers=headers, follow_redirects=False) as response:
            body = bytearray()
            for block in response.iter_bytes():
                body += block
                if len(body) > MAX_PAGE:
                    raise ConfigError(f"{_place(url)}: a page of over {MAX_PAGE >> 20} MB; ask for fewer records")
            return response, bytes(body)

    def _refused(self, url: str, response: httpx.Response, body: bytes, *, cursor: bool) -> float | None:
        """Seconds that the server asks to wait, None for the usual backoff. Raises what no wait can mend."""
        status = response.status_code
        if status == 429 or (status == 403 and _is_throttled(response.headers, body)):
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
        kind = _BadRequest if status == 400 else ConfigError
        raise kind(f"{_place(url)}: the API refused the request (status {status})")

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

    def _answer(self, url: str, response: httpx.Response, body: bytes, read: Callable[[Any], T]) -> tuple[_Answer, T]:
        import httpx

        try:
            decoded = msgspec.json.decode(body)
            held = read(decoded)
        except (msgspec.DecodeError, ValueError) as error:  # cut off, or a proxy's page in between
            raise _Unreadable(str(error)) from None
        following = self.api.following(response.headers, decoded) or None
        if following is not None and self.api.parameter is not None:
            following = str(httpx.URL(url).copy_set_param(self.api.parameter, following))
        elif following is not None:
            following = urljoin(url, following)
        if following == url and isinstance(held, Seen) and held.records:
            raise _Unreadable("the next page is the page itself")
        if following is not None:
            self._only_ours(url, following)
        kept = {k: response.headers[k] for k in SAFE_HEADERS if k in response.headers}
        return _Answer(url, self.clock(), kept, body, following), held


class _BadRequest(ConfigError):
    """A first page that was refused with status 400."""


class _Unreadable(CatchmentError):
    """A page with status 200 that is not what the API sends."""


def _is_throttled(headers: httpx.Headers, body: bytes) -> bool:
    """GitHub and Google throttle with 403 as well; Google says so in the answer's body alone.

    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    https://developers.google.com/workspace/admin/reports/v1/limits
    """
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or GOOGLE_THROTTLES.search(body) is not None
    )


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
