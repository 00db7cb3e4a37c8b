"""The reference page says of every source all that an operator asks, and asks for no right beyond reading."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest
from click.testing import CliRunner

from transforms import reference
from transforms.cli import main
from transforms.sources import registry
from transforms.sources.base import Source

SOURCES = list(registry().values())
OWN_TEXT = next(field.default for field in fields(Source) if field.name == "identity")
READING = re.compile(r"s3:(Get|List)\w+|sqs:(GetQueueUrl|ReceiveMessage|DeleteMessage)|\w+:(Describe|Get|List)\w+")
"""Deleting a message is how a queue is read."""


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_source_is_told_in_full(source: Source) -> None:
    section = "\n".join(reference.section(source))
    told = dict(re.findall(r"^- \*\*([^*]+)\*\*: (.+)$", section, re.MULTILINE))
    assert told.keys() == {"Domain", "Event id", "Lateness", "OCSF classes", "Detections"}
    assert source.lateness, f"{source.name} does not say how late its vendor delivers (lateness)"
    plain = source.table is None and reference.event_id_of(source) == "the record's own text"
    assert not plain or source.identity is OWN_TEXT, f"{source.name} has an identity and no words for it (event_id)"
    assert "base_event (0)" in told["OCSF classes"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_rights_are_the_least_and_can_be_copied(source: Source) -> None:
    ways = list(reference.transports_of(source))
    assert ways
    for way, place, right in ways:
        assert place, way
        assert right, f"{source.name} does not say what {way} needs"
        if right.startswith("{"):
            for statement in json.loads(right)["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                assert all(READING.fullmatch(action) for action in actions), actions
                assert statement["Resource"] != "*" or statement["Sid"] == "Verify"
        elif right.startswith(("gcloud", "az ")):
            assert re.findall(r'--role[= ]"?([\w/. ]+\w)', right) != []
            assert not re.search(r"(?i)owner|editor|contributor|admin", right)


def test_the_page_lists_every_source() -> None:
    page = CliRunner().invoke(main, ["reference"], catch_exceptions=False).output
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == [source.name for source in SOURCES]
