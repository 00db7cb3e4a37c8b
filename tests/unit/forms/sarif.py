"""SARIF logs, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/sarif/[a-z0-9-]+/\d{4}/\d\d/\d\d/\d{6}(-again)?\.sarif")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The results of one log, each with its run's id, time, repository and commit."""
    log = json.loads(data)
    assert log["version"] == "2.1.0"
    found = []
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        around = {
            "run": run["automationDetails"]["id"],
            "at": run["invocations"][0]["endTimeUtc"],
            **run["versionControlProvenance"][0],
        }
        assert all(rules[each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])
        found += [around | each for each in run["results"]]
    return found


def when(event: Event) -> str:
    return str(event["at"])


def uid(event: Event) -> str:
    return f"{event['run']}|{event['ruleId']}"


def one_is_new_in_each_commit(ordinary: list[Event], end: datetime) -> None:
    """What stays has one print in a repository; what is new has one for each commit; one result is accepted."""
    prints: dict[tuple[str, str], set[str]] = defaultdict(set)
    commits: dict[str, set[str]] = defaultdict(set)
    for event in ordinary:
        prints[event["repositoryUri"], event["ruleId"]].add(event["partialFingerprints"]["primaryLocationLineHash"])
        commits[event["repositoryUri"]].add(event["revisionId"])
        assert re.fullmatch(r"[0-9a-f]{40}", event["revisionId"])
    for (repository, rule), found in prints.items():
        assert len(found) == (len(commits[repository]) if rule == "py/unused-import" else 1)
    assert set(Counter(event["run"] for event in ordinary).values()) == {3}
    assert sum("suppressions" in event for event in ordinary) * 3 == len(ordinary)


ORDINARY = (one_is_new_in_each_commit,)
