"""A real lake for tests of detections: the project with a few of them, and raw records to land in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from transforms.land import land
from transforms.settings import REPOSITORY, Settings
from transforms.warehouse.query import Reader
from transforms.warehouse.runner import DetectResult, build, detect

ACCOUNT = "111122223333"
Record = tuple[str, dict[str, Any]]
"""(source, the record as the vendor writes it)."""


def project(folder: Path, detections: Iterable[str], suppressions: str = "") -> Path:
    """Copy the project with these detections, the rollups that they read and no marts; with these suppressions."""
    shutil.copytree(REPOSITORY / "dbt_project", folder, ignore=shutil.ignore_patterns("target", "logs"))
    models, wanted = folder / "models", set(detections)
    texts = {path.stem: path.read_text() for path in (models / "detections").rglob("det_*.sql") if path.stem in wanted}
    assert set(texts) == wanted
    views = [path for part in ("marts", "sdlc") for path in (models / part).rglob("*")]
    for path in [*models.rglob("det_*"), *models.rglob("rollup_*"), *views]:
        read = path.stem.startswith("rollup_") and any(f"ref('{path.stem}')" in text for text in texts.values())
        if path.suffix in (".sql", ".yml") and path.stem not in wanted and not read:
            path.unlink()
    suppress(folder, suppressions)
    return folder


def suppress(folder: Path, lines: str) -> None:
    """Replace the suppressions of a copy of the project."""
    names = "suppression_uid,detection,column,pattern,reason,owner,expires"
    (folder / "seeds" / "suppressions.csv").write_text(f"{names}\n{lines}")


def settings_of(lake: Path, folder: Path) -> Settings:
    return Settings(lake=str(lake), environment={"CATCHMENT_DBT_PROJECT": str(folder)}, workers=1)


def arrive(settings: Settings, inbox: Path, name: str, records: Sequence[Record]) -> DetectResult:
    """Put records into one new object for each source, and take them all the way to findings."""
    for source in sorted({source for source, _ in records}):
        folder = inbox / source
        folder.mkdir(parents=True, exist_ok=True)
        mine = [record for of, record in records if of == source]
        body = {"Records": mine} if source == "aws_cloudtrail" else mine
        (folder / f"{name}.json").write_text(json.dumps(body))
        land(settings, source, str(folder))
    built = build(settings)
    assert built.failed == {}, built.failed
    assert built.rows == len(records), built
    done = detect(settings)
    assert done.failed == {}, done.failed
    return done


def select(settings: Settings, query: str) -> list[dict[str, Any]]:
    return Reader(settings).records(query)


def at(text: str) -> datetime:
    """2026-03-02 10:00 and the like, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def call(
    uid: str,
    when: datetime,
    operation: str,
    *,
    service: str = "ec2",
    arn: str = f"arn:aws:iam::{ACCOUNT}:user/alice",
    kind: str = "IAMUser",
    ip: str = "198.51.100.7",
    request: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> Record:
    """Return a CloudTrail record."""
    return "aws_cloudtrail", {
        "eventVersion": "1.11",
        "eventID": uid,
        "eventTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventName": operation,
        "eventSource": f"{service}.amazonaws.com",
        "recipientAccountId": ACCOUNT,
        "awsRegion": "eu-central-1",
        "sourceIPAddress": ip,
        "userIdentity": {"type": kind, "arn": arn, "accountId": ACCOUNT, "userName": arn.rsplit("/", 1)[1]},
        "requestParameters": request,
        "responseElements": response,
        **({"errorCode": error} if error else {}),
    }


def console_login(uid: str, when: datetime, email: str) -> Record:
    """Return a person's sign-in to the console with a federated role session."""
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/{email}"
    response = {"ConsoleLogin": "Success"}
    return call(uid, when, "ConsoleLogin", service="signin", arn=arn, kind="AssumedRole", response=response)


def okta(uid: str, when: datetime, event_type: str, email: str, *, target: str | None = None) -> Record:
    """Return a System Log event that succeeded."""
    user = {"id": f"00u{email.split('@')[0]}", "type": "User", "alternateId": email, "displayName": email}
    about = target and {"id": f"00u{target.split('@')[0]}", "type": "User", "alternateId": target}
    return "okta_system_log", {
        "uuid": uid,
        "published": when.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "eventType": event_type,
        "severity": "INFO",
        "actor": user,
        "client": {"ipAddress": "198.51.100.23"},
        "outcome": {"result": "SUCCESS"},
        "target": [about] if about else None,
    }
