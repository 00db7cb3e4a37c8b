"""Gitleaks: secrets that it found in a repository's commits or in files, a JSON report a scan.

A record is a finding, as version 8 writes it (`RuleID`, `Secret`) or version 7 (`rule`, `offender`). Its time is the
commit's; what was found outside of commits has none, so it gets its report's. `null` is a report without findings.
https://github.com/gitleaks/gitleaks/blob/master/report/finding.go
https://github.com/gitleaks/gitleaks/blob/v7.6.1/report/leak.go
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from transforms.decoders.json_records import listed
from transforms.decoders.redaction import Redaction
from transforms.sources.base import Head, KeyTemplate, Source, Value


class GitleaksHead(Head):
    RuleID: Value = None
    Fingerprint: Value = None
    StartColumn: Value = None
    Secret: Value = None
    Date: Value = None
    rule: Value = None
    commit: Value = None
    file: Value = None
    line_number: Value = msgspec.field(default=None, name="lineNumber")
    offender: Value = None
    date: Value = None


def identity(head: GitleaksHead) -> tuple[Value, ...] | None:
    """The fingerprint (commit, file, rule, line) and which of the line's secrets it is, by its hash."""
    if head.Fingerprint:
        return str(head.Fingerprint), f"{head.StartColumn} {head.Secret}"  # texts are hashed fastest
    if head.rule is not None and head.file is not None:
        return (head.commit, head.file, head.rule, head.line_number, head.offender)
    return None


SOURCE = Source(
    name="gitleaks",
    title="Gitleaks findings",
    vendor="Gitleaks",
    domain="scanners",
    documentation="https://github.com/gitleaks/gitleaks",
    event_id="`Fingerprint`, column and the secret's hash; in version 7 commit, file, rule, line and hash",
    lateness="a report when a scan ends; findings are as old as their commits",
    keys=KeyTemplate(segments=(r"(?P<year>\d{4})", r"(?P<month>\d\d)", r"(?P<day>\d\d)"), overlap=timedelta(days=2)),
    expand=listed(),
    head=GitleaksHead,
    identity=identity,
    clock=lambda head: head.Date or head.date or None,
    dated_by_object=True,
    redact=Redaction(secrets=("Secret", "offender"), around=("Match", "Line", "Lines")),
    cadence=timedelta(minutes=15),
)
