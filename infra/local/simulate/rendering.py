"""Text helpers that the sources share: times and ids, fast enough for millions of records."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_TWO = [f"{n:02d}" for n in range(60)]


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")


def seconds_z(at_s: int) -> str:
    """Return an epoch second as `2026-11-23T10:00:00Z`."""
    return f"{_minute(at_s // 60)}{_TWO[at_s % 60]}Z"


def millis_z(at_ms: int) -> str:
    """Return epoch milliseconds as `2026-11-23T10:00:00.123Z`."""
    at_s, millis = divmod(at_ms, 1000)
    return f"{_minute(at_s // 60)}{_TWO[at_s % 60]}.{millis:03d}Z"


def ticks_z(at_ms: int, fraction: int) -> str:
    """Return epoch milliseconds and 0..9999 tenths of microseconds with 7 fractional digits."""
    at_s, millis = divmod(at_ms, 1000)
    return f"{_minute(at_s // 60)}{_TWO[at_s % 60]}.{millis:03d}{fraction:04d}Z"


def uuid(digits: str) -> str:
    """Return 32 hex digits as a version 4 UUID."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def compact_time(epoch_s: int, form: str) -> str:
    """Return an epoch second in UTC, formatted by `strftime`."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime(form)
