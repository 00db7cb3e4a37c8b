"""CloudTrail digest files, as the simulation must write them: their form, and that their chain is whole."""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

Event = dict[str, Any]
KEY = re.compile(
    r"s3/example-org-cloudtrail/AWSLogs/(\d{12})/CloudTrail-Digest/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_CloudTrail-Digest_\2_org-trail_\2_\3\4\5T\d{6}Z\.json\.gz"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def events(data: bytes) -> list[Event]:
    """The digest that an object is, with its own hash."""
    text = gzip.decompress(data)
    return [json.loads(text) | {"hash": sha256(text).hexdigest()}]


def when(event: Event) -> str:
    return str(event["digestEndTime"])


def uid(event: Event) -> str:
    return str(event["digestS3Object"])


def each_names_the_one_before(ordinary: list[Event], end: datetime) -> None:
    """Hour by hour, in each region: the hash of the digest before, and every log file once."""
    chains: dict[str, list[Event]] = defaultdict(list)
    for event in sorted(ordinary, key=when):
        chains[event["digestS3Object"].split("/")[3]].append(event)
    assert chains
    named: list[str] = []
    for chain in chains.values():
        assert chain[0]["previousDigestHashValue"] is None
        for before, event in pairwise(chain):
            assert event["previousDigestHashValue"] == before["hash"]
            assert event["previousDigestS3Object"] == before["digestS3Object"]
            assert datetime.fromisoformat(when(event)) - datetime.fromisoformat(when(before)) == timedelta(hours=1)
        assert end - datetime.fromisoformat(when(chain[-1])) < timedelta(hours=1)
        named += [file["s3Object"] for event in chain for file in event["logFiles"]]
    assert len(named) == len(set(named)) > 1000


ORDINARY = (each_names_the_one_before,)
