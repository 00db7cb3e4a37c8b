"""AWS Config's files, as the simulation must write them: their form, and what their ordinary days hold."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-config/AWSLogs/(\d{12})/Config/([a-z0-9-]+)/\d{4}/[1-9]\d?/[1-9]\d?/"
    r"(ConfigHistory/\1_Config_\2_ConfigHistory_AWS::\w+::\w+_\d{8}T\d{6}Z_\d{8}T\d{6}Z_1"
    r"|ConfigSnapshot/\1_Config_\2_ConfigSnapshot_\d{8}T\d{6}Z_[0-9a-f-]{36})\.json\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def events(data: bytes) -> list[Event]:
    """The items of one file."""
    return json.loads(gzip.decompress(data))["configurationItems"]


def when(event: Event) -> str:
    return event["configurationItemCaptureTime"]


def uid(event: Event) -> str:
    return f"{event['ARN']}|{event['configurationItemCaptureTime']}"


def nothing_is_open_to_the_world(ordinary: list[Event], end: datetime) -> None:
    """Machines, groups, buckets and volumes in every state, none of them reachable from outside."""
    kinds = Counter(event["resourceType"].rpartition("::")[2] for event in ordinary)
    assert kinds.keys() == {"Instance", "SecurityGroup", "Bucket", "Volume"}
    states = {event["configurationItemStatus"] for event in ordinary}
    assert states == {"OK", "ResourceDiscovered", "ResourceDeleted"}
    for event in ordinary:
        assert "0.0.0.0/0" not in json.dumps(event)
        assert event["configuration"].get("publicIpAddress") is None
        blocked = event["supplementaryConfiguration"].get("PublicAccessBlockConfiguration", {})
        assert all(blocked.values()) and (blocked or event["resourceType"] != "AWS::S3::Bucket")


ORDINARY = (nothing_is_open_to_the_world,)
