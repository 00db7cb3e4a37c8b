"""Bills of materials in SPDX, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(r"s3/example-org-scans/sbom_spdx/[a-z0-9-]+/(\d{4})/(\d\d)/(\d\d)/\1\2\3T\d{9}(-again)?\.json")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The packages of one document, each with its namespace and time."""
    document = json.loads(data)
    assert document["spdxVersion"] == "SPDX-2.3"
    about = {"document": document["documentNamespace"], "at": document["creationInfo"]["created"]}
    return [{**about, **one} for one in document["packages"]]


def when(event: Event) -> str:
    return str(event["at"])


def uid(event: Event) -> str:
    return f"{event['document']}|{event['SPDXID']}"


def a_repository_and_what_it_uses(ordinary: list[Event], end: datetime) -> None:
    documents: dict[str, set[str]] = {}
    for event in ordinary:
        documents.setdefault(event["document"], set()).add(event["SPDXID"])
    assert all("SPDXRef-Repository" in ids and len(ids) > 3 for ids in documents.values())


ORDINARY = (a_repository_and_what_it_uses,)
