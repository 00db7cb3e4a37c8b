"""IAM credential reports, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import base64
import csv
import json
import re
from datetime import datetime, timedelta
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-credential-reports/\d{12}/(\d{4})/(\d\d)/(\d\d)/\1\2\3T\d{6}Z\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def events(data: bytes) -> list[Event]:
    """The rows of one report, each with the time at which it was made."""
    body = json.loads(data)
    assert body["ReportFormat"] == "text/csv"
    rows = csv.DictReader(base64.b64decode(body["Content"], validate=True).decode().splitlines())
    return [{**row, "generated": body["GeneratedTime"]} for row in rows]


def when(event: Event) -> str:
    return event["generated"]


def uid(event: Event) -> str:
    return f"{event['arn']}|{event['generated']}"


def credentials_are_kept_well(ordinary: list[Event], end: datetime) -> None:
    """Whoever has a password has a second factor, root has no key, and no key is older than its rotation."""
    assert {event["user"].rstrip("-12") for event in ordinary} >= {"<root_account>", "break-glass", "backup-agent"}
    for event in ordinary:
        assert None not in event and None not in event.values()
        is_root = event["arn"].endswith(":root")
        assert event["mfa_active"] == "true" or (event["password_enabled"] == "false" and not is_root)
        assert event["access_key_2_active"] == "false"
        if event["access_key_1_active"] == "true":
            assert not is_root
            made = datetime.fromisoformat(event["generated"])
            rotated = datetime.fromisoformat(event["access_key_1_last_rotated"])
            assert timedelta(0) <= made - rotated <= timedelta(days=60)
            assert rotated <= datetime.fromisoformat(event["access_key_1_last_used_date"]) <= made


ORDINARY = (credentials_are_kept_well,)
