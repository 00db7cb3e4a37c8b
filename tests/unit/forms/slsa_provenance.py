"""SLSA provenance, as the simulation must write it: its form, and that each deploying run has one that verifies."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.local.simulate.signing import Instance
from transforms.settings import Settings
from transforms.sources.attestation import ROOTS, vouch
from transforms.sources.base import Beside

Event = dict[str, Any]
KEY = re.compile(
    r"sigstore/trusted_root\.json|s3/example-org-provenance/[\w-]+/\d{4}/\d\d/\d\d/\d+(-1)?\.intoto\.jsonl"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
SEED = 7
"""Of the runs that these forms are held against."""


def events(data: bytes) -> list[Event]:
    """The bundles of one object; none where it is the trusted root."""
    found = [json.loads(data)] if b"trustedroot" in data else [json.loads(line) for line in data.splitlines()]
    return [each for each in found if "verificationMaterial" in each]


def entry(event: Event) -> Event:
    found: Event = event["verificationMaterial"]["tlogEntries"][0]
    return found


def when(event: Event) -> str:
    return datetime.fromtimestamp(int(entry(event)["integratedTime"]), UTC).replace(tzinfo=None).isoformat()


def uid(event: Event) -> str:
    payload = b64decode(event["dsseEnvelope"]["payload"])
    return f"{sha256(payload).hexdigest()}|{entry(event)['logIndex']}"


def state(event: Event) -> str:
    """What landing finds a bundle to be, by the trusted root of the runs' own instance."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "trusted_root.json"
        root.write_bytes(Instance(f"sigstore/{SEED}").trusted_root())
        settings = Settings(lake="lake", environment={ROOTS: str(root)})
        found = vouch(json.dumps(event).encode(), Beside(None, None, settings))  # type: ignore[arg-type]
    return str(found["verification"]["state"])


def each_run_has_one_that_verifies(ordinary: list[Event], end: datetime) -> None:
    told = [json.loads(b64decode(event["dsseEnvelope"]["payload"])) for event in ordinary]
    runs = [each["predicate"]["invocation"]["environment"]["github_run_id"] for each in told]
    assert len(runs) == len(set(runs)) > 10
    assert all(when(event) < (end + timedelta(minutes=10)).isoformat() for event in ordinary)
    assert {state(event) for event in ordinary[:5]} == {"verified"}


ORDINARY = (each_run_has_one_that_verifies,)
