"""GitHub's secret scanning: alerts of the secrets that Gitleaks found, too, as a collector keeps the webhooks.

Whoever committed a secret revokes it within the half hour, and says so.
https://docs.github.com/webhooks/webhook-events-and-payloads#secret_scanning_alert
"""

from __future__ import annotations

import json
import random
from typing import Any

from infra.local.simulate.hooks import signature
from infra.local.simulate.model import Run, Source
from infra.local.simulate.organisation import GITHUB_ORGANISATION, Person, Repository
from infra.local.simulate.rendering import millis_z, seconds_z, uuid
from infra.local.simulate.retold import Retelling, Retold
from infra.local.simulate.scans import Scan, root
from infra.local.simulate.sources.gitleaks import NAME as GITLEAKS
from infra.local.simulate.sources.trufflehog import leaks, repository

NAME = "github_secret_scanning"
OPEN_S = (300, 1500)
KINDS = {
    # Gitleaks' rule: the type of GitHub's non-provider patterns
    "generic-api-key": ("example_org_api_key", "Example Org API Key"),
    "private-key": ("rsa_private_key", "RSA Private Key"),
    "jwt": ("example_org_session_token", "Example Org Session Token"),
    "curl-auth-user": ("http_basic_authentication_header", "HTTP Basic Authentication Header"),
}


def line(of: Repository, alert: dict[str, Any], action: str, by: Person | None, at_s: int, rng: random.Random) -> str:
    """Return one delivery about an alert, at an epoch second."""
    sender = {"login": by.handle, "id": by.github_id, "type": "User"} if by else {"login": "github", "type": "User"}
    body = {
        "action": action,
        "alert": alert,
        "repository": {"id": of.uid, "full_name": of.name},
        "organization": {"login": GITHUB_ORGANISATION},
        "sender": sender,
    }
    headers = {
        "X-GitHub-Event": "secret_scanning_alert",
        "X-GitHub-Delivery": uuid(rng.randbytes(16).hex()),
        "X-Hub-Signature-256": signature(json.dumps(body)),
    }
    return json.dumps({"received_at": millis_z(at_s * 1000 + 700), "headers": headers, "body": body})


def told(of: Repository, by: Person, found: dict[str, Any], at_s: int, rng: random.Random) -> list[str]:
    """Return the deliveries about one secret: its alert is made, and resolved at an epoch second."""
    created = at_s - rng.randrange(*OPEN_S)
    number = int(found["Commit"][:7], 16)
    url = f"https://api.github.com/repos/{of.name}/secret-scanning/alerts/{number}"
    kind, name = KINDS[found["RuleID"]]
    alert = {
        "number": number,
        "created_at": seconds_z(created),
        "updated_at": seconds_z(created),
        "url": url,
        "html_url": f"https://github.com/{of.name}/security/secret-scanning/{number}",
        "locations_url": f"{url}/locations",
        "state": "open",
        "resolution": None,
        "resolved_at": None,
        "resolved_by": None,
        "resolution_comment": None,
        "secret_type": kind,
        "secret_type_display_name": name,
        "secret": found["Secret"],
        "validity": "unknown",
        "publicly_leaked": False,
        "multi_repo": False,
        "first_location_detected": {
            "path": found["File"],
            "start_line": found["StartLine"],
            "end_line": found["EndLine"],
            "commit_sha": found["Commit"],
        },
    }
    resolved = {
        "state": "resolved",
        "resolution": "revoked",
        "resolved_at": seconds_z(at_s),
        "updated_at": seconds_z(at_s),
        "resolved_by": {"login": by.handle, "id": by.github_id, "type": "User"},
    }
    return [line(of, alert, "created", None, created, rng), line(of, alert | resolved, "resolved", by, at_s, rng)]


def feed(run: Run, expected: float) -> Retold:
    """`expected` is not asked for: what Gitleaks finds, GitHub finds."""
    repositories = {each.short: each for each in run.organisation.repositories}
    people = {person.email: person for person in run.organisation.people}

    def write(found: list[dict[str, Any]], at_s: int, rng: random.Random) -> Scan:
        lines = [
            each for one in found for each in told(repositories[repository(one)], people[one["Email"]], one, at_s, rng)
        ]
        return Scan("".join(each + "\n" for each in lines).encode(), len(lines))

    return Retold(run, Retelling(NAME, GITLEAKS, root(NAME), ".jsonl", leaks, write, repository))


SOURCE = Source(name=NAME, root=root(NAME), share=0.0, open=feed)
