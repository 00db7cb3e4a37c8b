"""Checkov's reports, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/checkov/[a-z0-9-]+/(\d{4})/(\d\d)/(\d\d)/\1\2\3T\d{9}(-again)?\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
PATH = re.compile(r"/builds/(\d{13})/[a-z0-9-]+/[a-z0-9-]+/[\w.]+")


def events(data: bytes) -> list[Event]:
    """The results of one object, each with the kind of code; its reports count them."""
    found = []
    for report in json.loads(data):
        for word in ("passed", "failed", "skipped"):
            results = report["results"][f"{word}_checks"]
            assert report["summary"][word] == len(results)
            found += [{"kind": report["check_type"], **result} for result in results]
    return found


def when(event: Event) -> str:
    """The run that checked the code out, which is all that a report says of its time."""
    found = PATH.fullmatch(event["file_abs_path"])
    assert found
    return datetime.fromtimestamp(int(found[1]) / 1000, UTC).isoformat(timespec="milliseconds")


def uid(event: Event) -> str:
    return f"{event['file_abs_path']}|{event['check_id']}"


def who_skips_says_why(ordinary: list[Event], end: datetime) -> None:
    results = [event["check_result"] for event in ordinary]
    assert {result["result"] for result in results} == {"PASSED", "FAILED", "SKIPPED"}
    assert all(("suppress_comment" in result) == (result["result"] == "SKIPPED") for result in results)
    assert {event["kind"] for event in ordinary} == {"terraform", "dockerfile"}


ORDINARY = (who_skips_says_why,)
