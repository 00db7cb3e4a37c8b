"""TruffleHog over the repositories in which Gitleaks found secrets: the same secrets, a line each, as version 3 writes.

None is verified: no service lets them in. https://github.com/trufflesecurity/trufflehog
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from infra.local.simulate.model import Delivery, Run, Source
from infra.local.simulate.retold import Retelling, Retold
from infra.local.simulate.scans import Scan, root
from infra.local.simulate.sources.gitleaks import NAME as GITLEAKS

NAME = "trufflehog"
GIT = 16
DETECTORS = {
    # Gitleaks' rule: detector and its number in TruffleHog's list
    "generic-api-key": ("CustomRegex", 904),
    "private-key": ("PrivateKey", 15),
    "jwt": ("JWT", 1030),
    "curl-auth-user": ("URI", 17),
}


def leaks(delivery: Delivery) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a report of Gitleaks found, by its fingerprint."""
    for found in json.loads(delivery.data):
        yield found["Fingerprint"], found


def repository(found: dict[str, Any]) -> str:
    """Return the name of the repository that a secret was found in, without its owner."""
    return str(found["Link"].split("/")[4])


def line(found: dict[str, Any]) -> str:
    """Return TruffleHog's line about a secret that Gitleaks found."""
    detector, number = DETECTORS[found["RuleID"]]
    place = {
        "commit": found["Commit"],
        "file": found["File"],
        "email": f"{found['Author']} <{found['Email']}>",
        "repository": "/".join(found["Link"].split("/")[:5]) + ".git",
        "timestamp": found["Date"].replace("T", " ").replace("Z", " +0000"),
        "line": found["StartLine"],
    }
    return json.dumps(
        {
            "SourceMetadata": {"Data": {"Git": place}},
            "SourceID": 1,
            "SourceType": GIT,
            "SourceName": "trufflehog - git",
            "DetectorType": number,
            "DetectorName": detector,
            "DetectorDescription": "",
            "DecoderName": "PLAIN",
            "Verified": False,
            "VerificationFromCache": False,
            "Raw": found["Secret"],
            "RawV2": "",
            "Redacted": "",
            "ExtraData": None,
            "StructuredData": None,
        },
        separators=(",", ":"),
    )


def write(found: list[dict[str, Any]], at_s: int, rng: random.Random) -> Scan:
    """Return the lines of a repository."""
    return Scan("".join(line(each) + "\n" for each in found).encode(), len(found))


def feed(run: Run, expected: float) -> Retold:
    """`expected` is not asked for: what Gitleaks finds is found."""
    return Retold(run, Retelling(NAME, GITLEAKS, root(NAME), ".jsonl", leaks, write, repository))


SOURCE = Source(name=NAME, root=root(NAME), share=0.0, open=feed)
