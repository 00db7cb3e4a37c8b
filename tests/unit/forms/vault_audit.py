"""Vault's audit log, as the simulation must write it: its form, and what its ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

from isal import igzip

Event = dict[str, Any]
KEY = re.compile(r"vault-audit/eu-prod/\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d-[0-9a-f-]{36}\.gz")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")


def events(data: bytes) -> list[Event]:
    """The records of one object."""
    return [json.loads(line) for line in igzip.decompress(data).splitlines()]


def when(event: Event) -> str:
    return str(event["time"])


def uid(event: Event) -> str:
    return f"{event['request']['id']}|{event['type']}"


def secrets_are_hashed_and_only_read(ordinary: list[Event], end: datetime) -> None:
    """Each request has its response, no secret is in clear, nothing is changed, and few are refused."""
    pairs: dict[str, Counter[str]] = {}
    refused = 0
    for event in ordinary:
        request = event["request"]
        pairs.setdefault(request["id"], Counter())[event["type"]] += 1
        refused += "error" in event
        if request["path"].startswith("auth/"):
            assert "auth" not in event
            assert event["type"] == "request" or event["response"]["auth"]["client_token"].startswith("hmac-sha256:")
        else:
            assert request["operation"] in ("read", "list")
            assert request["client_token"].startswith("hmac-sha256:")
    assert all(pair == {"request": 1, "response": 1} for pair in pairs.values())
    assert refused < 0.05 * len(ordinary)
    assert len({e["request"]["remote_address"] for e in ordinary}) > 8


ORDINARY = (secrets_are_hashed_and_only_read,)
