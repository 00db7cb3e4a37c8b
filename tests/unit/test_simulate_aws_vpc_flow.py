"""Simulated VPC flow logs: the native form, late and repeated objects, and one scan that stands out."""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.simulate import Delivery, Simulation

END = datetime(2026, 11, 23, 13, tzinfo=UTC)
SOURCE = "aws_vpc_flow"
KEY = re.compile(
    r"s3/example-org-vpc-flow-logs/AWSLogs/(\d{12})/vpcflowlogs/([a-z0-9-]+)/(\d{4})/(\d\d)/(\d\d)/"
    r"\1_vpcflowlogs_\2_fl-[0-9a-f]{17}_\3\4\5T\d{4}Z_[0-9a-f]{8}\.log\.gz"
)
COMMON = {"53", "80", "123", "443"}


def simulation(**changes: object) -> Simulation:
    return Simulation(**{"seed": 7, "days": 3, "end": END, "events_per_day": 4000, "sources": [SOURCE], **changes})


def flows(delivery: Delivery) -> Iterator[tuple[str, dict[str, str]]]:
    """Return the lines of an object, each with its columns by the object's header."""
    names, *lines = gzip.decompress(delivery.data).decode().splitlines()
    assert len(lines) == delivery.records
    for line in lines:
        yield line, dict(zip(names.split(" "), line.split(" "), strict=True))


@pytest.fixture(scope="module")
def delivered() -> tuple[Simulation, list[Delivery]]:
    run = simulation()
    return run, list(run.deliveries())


def test_objects_have_the_native_form(delivered: tuple[Simulation, list[Delivery]]) -> None:
    run, deliveries = delivered
    headers: Counter[int] = Counter()
    lines: Counter[str] = Counter()
    status: Counter[str] = Counter()
    lateness = []
    for delivery in deliveries:
        assert KEY.fullmatch(delivery.key), delivery.key
        for line, flow in flows(delivery):
            headers[len(flow)] += 1
            lines[line] += 1
            status[flow["log-status"], flow["action"]] += 1
            lateness.append(delivery.delivered_at - datetime.fromtimestamp(int(flow["end"]), UTC))
            assert (flow["srcaddr"] == "-") == (flow["log-status"] != "OK")
    assert len({d.key for d in deliveries}) == len(deliveries)
    assert [d.delivered_at for d in deliveries] == sorted(d.delivered_at for d in deliveries)
    assert set(headers) == {14, 22}
    assert set(status) == {("OK", "ACCEPT"), ("OK", "REJECT"), ("NODATA", "-"), ("SKIPDATA", "-")}
    assert 0.005 < sum(n > 1 for n in lines.values()) / len(lines) < 0.06
    assert timedelta(minutes=40) < max(lateness) <= timedelta(minutes=70) and min(lateness) > timedelta(minutes=1)
    counted = run.truth()["sources"][SOURCE]
    assert counted == {"objects": len(deliveries), "records": sum(lines.values()), "distinct_records": len(lines)}
    assert 0.9 < len(lines) / 12_000 < 1.1


def test_only_the_scanner_knocks_at_ten_places() -> None:
    """In no quarter of an hour does anybody else come near the detection's number."""
    for chains in (True, False):
        run = simulation(chains=chains, events_per_day=20_000)
        targets: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
        for delivery in run.deliveries():
            for _, flow in flows(delivery):
                port = flow["dstport"]
                if port not in {*COMMON, "-"} and (flow["action"] == "REJECT" or int(port) < 32768):
                    targets[flow["srcaddr"], int(flow["start"]) // 900].add((flow["dstaddr"], port))
        found = {source for (source, _), places in targets.items() if len(places) >= 5}
        steps = [step for chain in run.truth()["chains"] for step in chain["steps"]]
        assert found == {step["entity"]["source"] for step in steps}
        assert [step["detection"] for step in steps] == (["det_network__port_scan"] if chains else [])
        for step in steps:
            assert len(step["vendor_event_ids"]) == len(set(step["vendor_event_ids"])) >= 24
