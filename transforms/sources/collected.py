"""Lines that a collector of webhooks writes: `{"received_at": ..., "headers": {...}, "body": {...}}`, one a delivery.

The body is the request's own bytes as the sender signed them: either the JSON itself, as it came, or its text in a JSON
string. Names of headers are told apart without regard to case. A bare body is read, too; who sent it is then not known.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from transforms.errors import ConfigError
from transforms.sources.base import Beside, Head, KeyTemplate, Value

KEYS = KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"))
SHORTEST_SECRET = 8


class CollectedHead(Head):
    received_at: Value = None
    headers: dict[str, Any] | None = None
    body: msgspec.Raw = msgspec.Raw(b"")


LINE = msgspec.json.Decoder(CollectedHead)
TEXT = msgspec.json.Decoder(str)
OBJECT = msgspec.json.Decoder(dict[str, Any])


def header(headers: Mapping[str, Any] | None, name: str) -> str | None:
    """A header's value, of several the last; None where there is none, or where it is no text."""
    found = [value for key, value in (headers or {}).items() if key.lower() == name]
    value = found[-1] if found else None
    if isinstance(value, list):
        value = value[-1] if value else None
    return value if isinstance(value, str) and value else None


def body_of(head: CollectedHead) -> bytes:
    """The bytes that were sent; raises msgspec.MsgspecError where the body's text is none."""
    body = bytes(head.body)
    return TEXT.decode(body).encode() if body[:1] == b'"' else body


def secrets_of(environment: Mapping[str, str], variable: str) -> list[bytes]:
    """The secrets of a variable, between spaces: an old one and a new one while they are changed.

    Raises ConfigError for one that is too short to be a secret.
    """
    secrets = [text.encode() for text in environment.get(variable, "").split()]
    if any(len(secret) < SHORTEST_SECRET for secret in secrets):
        raise ConfigError(f"{variable}: a secret of fewer than {SHORTEST_SECRET} characters")
    return secrets


def signed(record: bytes, beside: Beside, variable: str, name: str) -> Mapping[str, Any]:
    """Whether the header `name` (`sha256=` and hexadecimal digits) is the body's HMAC-SHA256 by a configured secret.

    The attribute `signature`: `valid`, `invalid` or `absent`; nothing without a configured secret. Raises ConfigError.
    """
    secrets = secrets_of(beside.settings.environment, variable)
    if not secrets:
        return {}
    try:
        head = LINE.decode(record)
        sent = body_of(head)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return {"signature": "absent"}
    given = header(head.headers, name)
    if given is None or not sent:
        return {"signature": "absent"}
    macs = ("sha256=" + hmac.new(secret, sent, hashlib.sha256).hexdigest() for secret in secrets)
    return {"signature": "valid" if any(hmac.compare_digest(mac, given.lower()) for mac in macs) else "invalid"}
