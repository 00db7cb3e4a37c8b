"""SARIF logs of CodeQL: what it finds in the commit of each deploying run, which GitHub's audit log tells of.

Two weaknesses stay in each repository, and of these one is accepted; a third is new in each commit, and mended by the
next. https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from isal import igzip

from infra.local.simulate.model import Delivery, Run, Source
from infra.local.simulate.rendering import millis_z
from infra.local.simulate.retold import Retelling, Retold
from infra.local.simulate.scans import Scan, root
from infra.local.simulate.sources.github_audit import NAME as AUDIT

NAME = "sarif"
SCAN_MS = 95_000
RULES = (
    # rule, text, level, its grade, weakness, file, line
    ("py/stack-trace-exposure", "Information exposure through an exception", "error", "5.4", 209, "src/api.py", 88),
    ("py/weak-sensitive-data-hashing", "Weak hashing of data", "warning", "6.5", 327, "tests/test_api.py", 12),
    ("py/unused-import", "Unused import", "note", "", 0, "src/models.py", 3),
)
ACCEPTED, NEW = RULES[1][0], RULES[2][0]


def runs(delivery: Delivery) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the deploying runs that ended, by their id."""
    for line in igzip.decompress(delivery.data).splitlines():
        if b"workflows.completed_workflow_run" in line:
            event = json.loads(line)
            if event["name"] == "deploy":
                yield str(event["workflow_run_id"]), event


def result(event: dict[str, Any], number: int) -> dict[str, Any]:
    """Return what a rule found in the commit of a run."""
    rule, text, _, _, _, path, line = RULES[number]
    region = {"startLine": line, "startColumn": 9, "endColumn": 42}
    place = {"artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%", "index": number}, "region": region}
    known = f"{event['repo']}/{rule}/{event['head_sha'] if rule == NEW else ''}"
    return {
        "ruleId": rule,
        "ruleIndex": number,
        "rule": {"id": rule, "index": number},
        "message": {"text": f"{text}."},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"primaryLocationLineHash": f"{sha256(known.encode()).hexdigest()[:16]}:1"},
        **({"suppressions": [{"kind": "inSource", "justification": "not of a secret"}]} if rule == ACCEPTED else {}),
    }


def analysis(event: dict[str, Any]) -> dict[str, Any]:
    """Return the log's run that tells of a workflow's run."""
    ended = event["@timestamp"]
    rules = [
        {
            "id": rule,
            "name": rule,
            "shortDescription": {"text": text},
            "fullDescription": {"text": f"{text}, as the rule's page says."},
            "defaultConfiguration": {"enabled": True, "level": level},
            "helpUri": f"https://codeql.github.com/codeql-query-help/python/{rule.replace('/', '-')}/",
            "properties": {
                "tags": ["security", f"external/cwe/cwe-{weakness}"] if weakness else ["maintainability"],
                "precision": "high",
                **({"security-severity": grade} if grade else {}),
            },
        }
        for rule, text, level, grade, weakness, _, _ in RULES
    ]
    driver = {"name": "CodeQL", "organization": "GitHub", "semanticVersion": "2.20.0", "rules": rules}
    return {
        "tool": {"driver": driver},
        "invocations": [
            {
                "startTimeUtc": millis_z(ended - SCAN_MS),
                "endTimeUtc": millis_z(ended),
                "executionSuccessful": True,
            }
        ],
        "automationDetails": {"id": f".github/workflows/deploy.yml:analyze/language:python/{event['workflow_run_id']}"},
        "versionControlProvenance": [
            {
                "repositoryUri": f"https://github.com/{event['repo']}",
                "revisionId": event["head_sha"],
                "branch": event["head_branch"],
            }
        ],
        "results": [result(event, number) for number in range(len(RULES))],
        "columnKind": "utf16CodeUnits",
    }


def write(events: list[dict[str, Any]], at_s: int, rng: random.Random) -> Scan:
    """Return the log of a repository's runs."""
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [analysis(event) for event in events],
    }
    return Scan(json.dumps(log, indent=2).encode(), len(events) * len(RULES))


def feed(run: Run, expected: float) -> Retold:
    """`expected` is not asked for: each run that deploys is scanned."""
    place = Retelling(NAME, AUDIT, root(NAME), ".sarif", runs, write, lambda event: str(event["repo"].split("/")[1]))
    return Retold(run, place)


SOURCE = Source(name=NAME, root=root(NAME), share=0.0, open=feed)
