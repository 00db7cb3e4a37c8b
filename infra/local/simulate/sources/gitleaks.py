"""Gitleaks over the organisation's repositories: a nightly job's reports in a bucket, arrays as version 8 writes."""

from __future__ import annotations

import json

from infra.local.simulate.leaks import Scans, leak
from infra.local.simulate.model import DAY_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.rendering import compact_time, seconds_z

NAME = "gitleaks"
BUCKET = "s3/example-org-scans/gitleaks"
REDELIVERY = 0.3
_DESCRIPTIONS = {
    "generic-api-key": "Detected a Generic API Key.",
    "private-key": "Identified a Private Key.",
    "jwt": "Uncovered a JSON Web Token.",
    "curl-auth-user": "Discovered a potential basic authorization token provided in a curl command.",
}


def finding(run: Run, number: int, at_ms: int) -> Record:
    """Return the finding of a leak."""
    of = leak(run, number, at_ms)
    fingerprint = f"{of.commit}:{of.path}:{of.kind}:{of.line}"
    body = {
        "RuleID": of.kind,
        "Description": _DESCRIPTIONS[of.kind],
        "StartLine": of.line,
        "EndLine": of.line,
        "StartColumn": 9,
        "EndColumn": 9 + len(of.secret),
        "Match": f'secret = "{of.secret}"',
        "Secret": of.secret,
        "File": of.path,
        "SymlinkFile": "",
        "Commit": of.commit,
        "Link": f"https://github.com/{of.repository.name}/blob/{of.commit}/{of.path}#L{of.line}",
        "Entropy": 3.9,
        "Author": of.person.name,
        "Email": of.person.email,
        "Date": seconds_z(at_ms // 1000),
        "Message": f"Change {number}",
        "Tags": [],
        "Fingerprint": fingerprint,
    }
    return Record(at_ms, "", fingerprint, json.dumps(body))


def report(due: int, bodies: list[str]) -> Delivery:
    """Return the report of one night."""
    return Delivery(
        source=NAME,
        key=f"{BUCKET}/{compact_time(due, '%Y/%m/%d')}/gitleaks-report-{compact_time(due, '%Y%m%dT%H%M%SZ')}.json",
        data=("[\n" + ",\n".join(bodies) + "\n]\n").encode(),
        delivered_at=utc(due),
        offset=None,
        records=len(bodies),
    )


def feed(run: Run, expected: float) -> Scans:
    """Return `expected` findings over the run, in reports."""
    return Scans(
        run,
        run.rng(NAME),
        expected,
        found=lambda number, at_ms: finding(run, number, at_ms),
        report=report,
        every_s=DAY_S,
        redelivery=REDELIVERY,
    )


SOURCE = Source(name=NAME, root=BUCKET, share=0.004, open=feed)
