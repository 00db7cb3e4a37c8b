"""Dependabot alerts as a collector of webhooks keeps them: a line for each delivery, with its headers.

https://docs.github.com/webhooks/webhook-events-and-payloads#dependabot_alert
"""

from __future__ import annotations

import json
import random

from infra.local.simulate.advisories import MODIFIED, PUBLISHED, advisory
from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import GITHUB_ORGANISATION, Repository
from infra.local.simulate.rendering import millis_z, seconds_z, uuid
from infra.local.simulate.scans import Scan, Scans, root

NAME = "github_dependabot"
GHSA, CVE, SCORE = "GHSA-aaaa-bbbb-cccc", "CVE-2026-10021", 5.3
OPEN_S = 45
"""How long an alert is open: a bot mends what it finds."""


def line(repository: Repository, action: str, number: int, created: int, updated: int, rng: random.Random) -> str:
    """Return one delivery; times are epoch seconds."""
    url = f"https://api.github.com/repos/{repository.name}/dependabot/alerts/{number}"
    severity = "medium"
    package = {"ecosystem": "pip", "name": "example-lib"}
    said = advisory(CVE, package["name"], "2.0.0", "2.0.1", SCORE)
    vulnerability = {
        "package": package,
        "severity": severity,
        "vulnerable_version_range": "< 2.0.1",
        "first_patched_version": {"identifier": "2.0.1"},
    }
    alert = {
        "number": number,
        "state": "open" if action == "created" else action,
        "dependency": {"package": package, "manifest_path": "requirements.txt", "scope": "runtime"},
        "security_advisory": {
            "ghsa_id": GHSA,
            "cve_id": CVE,
            "summary": said.title,
            "description": said.description,
            "vulnerabilities": [vulnerability],
            "severity": severity,
            "cvss": {"vector_string": said.vector, "score": SCORE},
            "cwes": [{"cwe_id": cwe, "name": "Uncontrolled Resource Consumption"} for cwe in said.cwes],
            "identifiers": [{"value": GHSA, "type": "GHSA"}, {"value": CVE, "type": "CVE"}],
            "references": [{"url": url} for url in said.references],
            "published_at": PUBLISHED,
            "updated_at": MODIFIED,
            "withdrawn_at": None,
        },
        "security_vulnerability": vulnerability,
        "url": url,
        "html_url": url.replace("api.github.com/repos", "github.com").replace("alerts", "alert"),
        "created_at": seconds_z(created),
        "updated_at": seconds_z(updated),
        "dismissed_at": None,
        "dismissed_by": None,
        "dismissed_reason": None,
        "dismissed_comment": None,
        "fixed_at": seconds_z(updated) if action == "fixed" else None,
        "auto_dismissed_at": None,
    }
    body = {
        "action": action,
        "alert": alert,
        "repository": {
            "id": repository.uid,
            "name": repository.name.rpartition("/")[2],
            "full_name": repository.name,
            "private": True,
            "owner": {"login": GITHUB_ORGANISATION, "type": "Organization"},
            "html_url": f"https://github.com/{repository.name}",
            "default_branch": "main",
        },
        "organization": {"login": GITHUB_ORGANISATION},
        "sender": {"login": "dependabot[bot]", "type": "Bot"},
    }
    headers = {"X-GitHub-Event": "dependabot_alert", "X-GitHub-Delivery": uuid(rng.randbytes(16).hex())}
    return json.dumps({"received_at": millis_z(updated * 1000), "headers": headers, "body": body})


def scan(repository: Repository, at_ms: int, rng: random.Random) -> Scan:
    """Return the deliveries of an alert that is made and mended."""
    updated, number = at_ms // 1000, at_ms % 10**10
    lines = [
        line(repository, "created", number, updated - OPEN_S, updated - OPEN_S, rng),
        line(repository, "fixed", number, updated - OPEN_S, updated, rng),
    ]
    return Scan("\n".join([*lines, ""]).encode(), len(lines))


def feed(run: Run, expected: float) -> Scans:
    """Return `expected` deliveries over the run."""
    return Scans(run, expected, source=NAME, size=2, scan=scan)


SOURCE = Source(name=NAME, root=root(NAME), share=0.01, open=feed)
