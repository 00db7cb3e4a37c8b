"""GitHub's code scanning: the alerts that it makes of CodeQL's logs, as a collector keeps the webhooks.

What a log finds for the first time is an alert; it is fixed when a later log of the repository does not find it.
https://docs.github.com/webhooks/webhook-events-and-payloads#code_scanning_alert
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from infra.local.simulate.hooks import signature
from infra.local.simulate.model import Delivery, Run, Source
from infra.local.simulate.organisation import GITHUB_ORGANISATION, Repository
from infra.local.simulate.rendering import millis_z, seconds_z, uuid
from infra.local.simulate.retold import Retelling, Retold
from infra.local.simulate.scans import Scan, root
from infra.local.simulate.sources.sarif import NAME as SARIF

NAME = "github_code_scanning"


def logs(delivery: Delivery) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the runs of a log, by their id."""
    for run in json.loads(delivery.data)["runs"]:
        yield run["automationDetails"]["id"], run


def repository(run: dict[str, Any]) -> str:
    """Return the name of the repository that a run of a log scanned, without its owner."""
    return str(run["versionControlProvenance"][0]["repositoryUri"].rpartition("/")[2])


class Alerts:
    """The alerts of all repositories that stand."""

    def __init__(self, run: Run):
        self._repositories = {each.short: each for each in run.organisation.repositories}
        self._open: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in self._repositories}
        self._made = dict.fromkeys(self._repositories, 0)

    def write(self, runs: list[dict[str, Any]], at_s: int, rng: random.Random) -> Scan:
        """Return the deliveries about the runs of a repository's logs, at an epoch second."""
        lines = [line for number, run in enumerate(runs) for line in self._of(run, at_s + number, rng)]
        return Scan("".join(line + "\n" for line in lines).encode(), len(lines))

    def _of(self, run: dict[str, Any], at_s: int, rng: random.Random) -> list[str]:
        name, commit = repository(run), run["versionControlProvenance"][0]["revisionId"]
        of, standing = self._repositories[name], self._open[name]
        found = {
            result["partialFingerprints"]["primaryLocationLineHash"]: result
            for result in run["results"]
            if "suppressions" not in result
        }
        gone = {known: standing.pop(known) for known in [*standing] if known not in found}
        end = {"state": "fixed", "fixed_at": seconds_z(at_s), "updated_at": seconds_z(at_s)}
        lines = [_line(of, alert | end, "fixed", commit, at_s, rng) for alert in gone.values()]
        for known, result in found.items():
            if known not in standing:
                self._made[name] += 1
                rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
                standing[known] = _alert(of, self._made[name], rule, result, commit, at_s)
                lines.append(_line(of, standing[known], "created", commit, at_s, rng))
        return lines


def _alert(
    of: Repository, number: int, rule: dict[str, Any], result: dict[str, Any], commit: str, at_s: int
) -> dict[str, Any]:
    url = f"https://api.github.com/repos/{of.name}/code-scanning/alerts/{number}"
    place = result["locations"][0]["physicalLocation"]
    return {
        "number": number,
        "created_at": seconds_z(at_s),
        "updated_at": seconds_z(at_s),
        "url": url,
        "html_url": f"https://github.com/{of.name}/security/code-scanning/{number}",
        "state": "open",
        "fixed_at": None,
        "dismissed_by": None,
        "dismissed_at": None,
        "dismissed_reason": None,
        "dismissed_comment": None,
        "rule": {
            "id": rule["id"],
            "severity": rule["defaultConfiguration"]["level"],
            "description": rule["shortDescription"]["text"],
            "name": rule["name"],
            "full_description": rule["fullDescription"]["text"],
            "tags": rule["properties"]["tags"],
            "security_severity_level": "medium" if "security-severity" in rule["properties"] else None,
        },
        "tool": {"name": "CodeQL", "guid": None, "version": "2.20.0"},
        "most_recent_instance": {
            "ref": "refs/heads/main",
            "analysis_key": ".github/workflows/deploy.yml:analyze",
            "environment": '{"language":"python"}',
            "category": "/language:python",
            "state": "open",
            "commit_sha": commit,
            "message": result["message"],
            "location": {"path": place["artifactLocation"]["uri"], "start_line": place["region"]["startLine"]},
            "classifications": [],
        },
        "instances_url": f"{url}/instances",
    }


def _line(of: Repository, alert: dict[str, Any], action: str, commit: str, at_s: int, rng: random.Random) -> str:
    body = {
        "action": action,
        "alert": alert,
        "ref": "refs/heads/main",
        "commit_oid": commit,
        "repository": {"id": of.uid, "full_name": of.name},
        "organization": {"login": GITHUB_ORGANISATION},
        "sender": {"login": "github", "type": "User"},
    }
    headers = {
        "X-GitHub-Event": "code_scanning_alert",
        "X-GitHub-Delivery": uuid(rng.randbytes(16).hex()),
        "X-Hub-Signature-256": signature(json.dumps(body)),
    }
    return json.dumps({"received_at": millis_z(at_s * 1000 + 600), "headers": headers, "body": body})


def feed(run: Run, expected: float) -> Retold:
    """`expected` is not asked for: each log of CodeQL is looked at."""
    return Retold(run, Retelling(NAME, SARIF, root(NAME), ".jsonl", logs, Alerts(run).write, repository))


SOURCE = Source(name=NAME, root=root(NAME), share=0.0, open=feed)
