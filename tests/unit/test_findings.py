"""Events, answers and lines into findings; the times that Inspector writes."""

from __future__ import annotations

import msgspec
import pytest

from transforms.decoders.findings import findings
from transforms.sources.aws_inspector import instant

EXPAND = findings("A Finding", "Findings")


def texts(value: str) -> list[str]:
    return [bytes(found).decode() for found in EXPAND(value.encode())]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('{"id": 1}', ['{"id": 1}']),
        ('{"detail-type": "A Finding", "detail": {"id": 1}}', ['{"id": 1}']),
        ('{"detail-type": "Findings", "detail": {"findings": [{"id": 1}, {"id": 2}]}}', ['{"id": 1}', '{"id": 2}']),
        ('[{"detail-type": "A Finding", "detail": {"id": 1}}]', ['{"id": 1}']),
        ('[{"id": 1}, {"id": 2}]', ['{"id": 1}', '{"id": 2}']),
        ('{"Findings": [{"id": 1}], "NextToken": "x"}', ['{"id": 1}']),
        ('{"body": {"findings": [{"id": 1}]}}', ['{"id": 1}']),
        ('{"status_code": 200, "data": {"Findings": [{"id": 1}]}}', ['{"id": 1}']),
        ('{"findings": []}', []),
    ],
)
def test_each_finding_is_a_record(value: str, found: list[str]) -> None:
    assert texts(value) == found


@pytest.mark.parametrize(
    "value",
    [
        '{"detail-type": "A Scan", "detail": {"findings": [{"id": 1}]}}',
        '{"detail-type": "Findings", "detail": {"findings": "none"}}',
        '{"detail-type": 7, "detail": {"id": 1}}',
        '{"id": 1, "findings": "two"}',
    ],
)
def test_what_is_no_finding_stays_whole(value: str) -> None:
    assert texts(value) == [value]


def test_what_is_not_json_is_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        EXPAND(b'{"detail-type": "A Finding", "detail": {"id": 1}')


@pytest.mark.parametrize(
    ("time", "found"),
    [
        ("Jan 19, 2023, 10:46:15 PM", 1674168375000),
        ("Jan 9, 2023, 12:00:01\u202fAM", 1673222401000),
        ("Dec 31, 2026, 12:59:59 PM", 1798721999000),
        ("Feb 30, 2026, 1:00:00 PM", "Feb 30, 2026, 1:00:00 PM"),
        ("Foo 1, 2026, 1:00:00 PM", "Foo 1, 2026, 1:00:00 PM"),
        (1.663703546405e9, 1663703546405),
        ("1.663703546405E9", 1663703546405),
        ("2026-02-18 12:01:00.079000+01:00", "2026-02-18 12:01:00.079000+01:00"),
        ("2 March 2026", "2 March 2026"),
        ("infinity", "infinity"),
        ("nan", "nan"),
        (None, None),
    ],
)
def test_times_of_inspector(time: str | float | None, found: str | int | None) -> None:
    assert instant(time) == found
