"""SARIF: which rule stands beside a result, and what of a run does."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from transforms.decoders.framing import FIELDS, Bounds
from transforms.sources.sarif import SOURCE

RULES = [{"id": "a/one", "name": "One"}, {"id": "b", "name": "Two"}]
EXTENSION = [{"id": "x", "name": "Extended"}]


def read(*results: dict[str, Any], **run: Any) -> list[dict[str, Any]]:
    tool = {"driver": {"name": "Tool", "rules": RULES, "notifications": [1]}, "extensions": [{"rules": EXTENSION}]}
    log = {"version": "2.1.0", "runs": [{"tool": tool, "results": list(results), "artifacts": [{}], **run}]}
    chunks = list(SOURCE.read(io.BytesIO(json.dumps(log).encode()), Bounds()))
    assert [bad for chunk in chunks for bad in chunk.bad] == []
    return [
        {"result": json.loads(bytes(record)), **json.loads((said or {})[FIELDS])}
        for chunk in chunks
        for record, said in zip(chunk.records, chunk.attributes or [], strict=True)
    ]


@pytest.mark.parametrize(
    ("result", "name"),
    [
        ({"ruleId": "b"}, "Two"),
        ({"ruleId": "a/one"}, "One"),
        ({"ruleId": "b/part"}, "Two"),
        ({"ruleIndex": 0}, "One"),
        ({"rule": {"id": "x"}}, "Extended"),
        ({"rule": {"index": 0, "toolComponent": {"index": 0}}}, "Extended"),
        ({"ruleId": "unknown", "ruleIndex": 99}, None),
        ({"ruleIndex": -1}, None),
        ({"ruleId": ["odd"]}, None),
    ],
)
def test_a_result_keeps_its_own_rule(result: dict[str, Any], name: str | None) -> None:
    (found,) = read(result)
    assert found["result"] == result
    assert found.get("rule", {}).get("name") == name


def test_of_a_run_stands_there_who_scanned_what_and_when() -> None:
    (found,) = read(
        {"ruleId": "b"}, invocations=[{"endTimeUtc": "2026-03-02T10:00:00Z", "commandLine": "scan --token t"}]
    )
    assert found["run"] == {"tool": {"driver": {"name": "Tool"}}, "invocation": {"endTimeUtc": "2026-03-02T10:00:00Z"}}


def test_results_of_all_rules_are_there() -> None:
    results = [{"ruleId": rule, "guid": str(n)} for n, rule in enumerate(["b", "a/one", "b", "none"])]
    assert sorted(found["result"]["guid"] for found in read(*results)) == ["0", "1", "2", "3"]


def test_code_is_not_quoted() -> None:
    """Scanners of secrets write the secret there."""
    region = {"startLine": 3, "snippet": {"text": "PLANTED"}}
    place = {"physicalLocation": {"region": region, "contextRegion": region}, "annotations": [region]}
    (found,) = read(
        {
            "ruleId": "b",
            "locations": [place],
            "relatedLocations": [place],
            "properties": {"offender": "PLANTED", "commit": "c"},
            "attachments": [{"regions": [region]}],
        }
    )
    kept = {
        "physicalLocation": {"region": {"startLine": 3}, "contextRegion": {"startLine": 3}},
        "annotations": [{"startLine": 3}],
    }
    assert found["result"] == {
        "ruleId": "b",
        "locations": [kept],
        "relatedLocations": [kept],
        "properties": {"commit": "c"},
    }


@pytest.mark.parametrize("where", ["Tool", "a/one", "b"])
def test_a_log_that_is_not_utf_8_is_put_aside(where: str) -> None:
    """As tools on Windows write it: of a name, of another rule, of the result itself."""
    tool = {"driver": {"name": "Tool", "rules": RULES}}
    log = json.dumps({"runs": [{"tool": tool, "results": [{"ruleId": "b"}]}]}).encode()
    data = log.replace(f'"{where}"'.encode(), b'"caf\xe9"')
    (chunk,) = SOURCE.read(io.BytesIO(data), Bounds())
    assert len(chunk.records) + len(chunk.bad) == 1
    assert chunk.next_no == 1
