"""What others know to be bad: CISA's catalogue of exploited vulnerabilities, indicators in lists and STIX bundles.

The catalogue as JSON, whose release dates its entries, or as CSV; STIX 2.1 bundles and TAXII envelopes, an object each;
lists of indicators as CSV with a header, JSON lines, an array or `{"indicators": [...]}`. An entry's time is the last
that it tells of itself; a date alone is the beginning of that day, a time without a zone is UTC. An entry without any
has its object's, and is a new one on each day.
https://www.cisa.gov/known-exploited-vulnerabilities-catalog
https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from transforms.decoders.indicators import Indicators
from transforms.sources.base import Source, Table, Value
from transforms.sources.scan_reports import KEYS

if TYPE_CHECKING:
    import pyarrow as pa

NAMED = ("indicator", "value", "ioc", "ioc_value", "ip", "domain", "url", "sha256", "sha1", "md5", "email")
"""Members that hold an indicator."""
TIMES = (
    *(
        "modified",
        "updated_at",
        "updated",
        "last_updated",
        "last_seen",
        "last_seen_utc",
        "first_seen",
        "first_seen_utc",
    ),
    *("created", "created_at", "date_added", "dateadded", "dateAdded", "timestamp"),
)
"""Members that say when an entry became so, the later first."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
SPACED = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?: ?UTC)?")
SECONDS = 10**11
"""A count of seconds is below it, one of milliseconds above."""


def time_of(text: str) -> Value:
    """A time as feeds write it, as RFC 3339 text or epoch milliseconds; what is none stays, to be quarantined."""
    if text.isdecimal() and len(text) < 16:
        count = int(text)
        return count * 1000 if count < SECONDS else count
    if DAY.fullmatch(text):
        return f"{text}T00:00:00Z"
    spaced = SPACED.fullmatch(text)
    if spaced is None:
        return text
    day, at = spaced.groups()
    return f"{day}T{at if len(at) > 5 else at + ':00'}Z"


def clock(columns: Mapping[str, pa.Array]) -> Sequence[Value]:
    """When each entry became so, or was told."""
    times = columns["clock"].to_pylist()
    return [None if time is None else time_of(time.decode("utf-8", "replace").strip()) for time in times]


SOURCE = Source(
    name="threat_intel",
    title="Threat intelligence",
    vendor="OASIS",
    domain="threat intelligence",
    documentation="https://www.cisa.gov/known-exploited-vulnerabilities-catalog",
    lateness="as often as a feed is fetched",
    keys=KEYS,
    framing=Indicators(
        ways=((("catalog", "vulnerabilities"),), (("bundle", "objects"),), (("list", "indicators"),)),
        marks=frozenset(),
        own=frozenset({*NAMED, "cveID", "pattern", "spec_version"}),
        named=frozenset({*NAMED, "cveid"}),
        key=(),
        clock=("catalog.dateReleased", *TIMES),
        own_clock=True,
    ),
    table=Table(
        identity=("catalog.dateReleased", "text", "day"),
        needed=("text",),
        clock_columns=("clock",),
        clock=clock,
    ),
    cadence=timedelta(hours=1),
)
