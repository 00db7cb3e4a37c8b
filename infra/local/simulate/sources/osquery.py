"""osquery on the cluster's nodes: what its scheduled queries saw come and go, and what osqueryd says of itself.

Lines of the result and status logs, which a shipper packs by the node. Processes are rows of `process_events`, that
ended ones of `processes`; all values are texts. https://osquery.readthedocs.io/en/stable/deployment/logging/
"""

from __future__ import annotations

import json
from typing import Any

from infra.local.simulate.model import Record, Run, Source, utc
from infra.local.simulate.network import interfaces
from infra.local.simulate.rendering import uuid
from infra.local.simulate.shipper import ShippedLog
from infra.local.simulate.sources.falco import ACCOUNT

NAME = "osquery"
ROOT = "s3/example-org-runtime/osquery"
EVENTS, RUNNING, PACKAGES, MOUNTS = (
    f"pack_{pack}_{query}"
    for pack, query in (
        ("incident-response", "process_events"),
        ("incident-response", "processes"),
        ("it-compliance", "rpm_packages"),
        ("it-compliance", "mounts"),
    )
)
PROGRAMS = (
    # path, command line, user id, name, parent
    ("/usr/bin/dnf", "dnf -q check-update", "0", "root", "/usr/lib/systemd/systemd"),
    ("/usr/sbin/logrotate", "/usr/sbin/logrotate /etc/logrotate.conf", "0", "root", "/usr/lib/systemd/systemd"),
    ("/usr/bin/aws", "aws sts get-caller-identity", "1000", "ec2-user", "/usr/bin/bash"),
    ("/usr/bin/kubelet", "/usr/bin/kubelet --config /etc/kubernetes/kubelet/config.json", "0", "root", "/sbin/init"),
)
OTHER_SHARE = 0.2
"""Part of what happens that is of no process: it has no class of its own, and lands as unmapped."""


class Hosts:
    """What osqueryd logs on all nodes."""

    def __init__(self, run: Run):
        self._rng = run.rng(NAME)
        found = interfaces(run.organisation)[ACCOUNT][:6]
        self._hosts = {
            f"ip-{interface.ip.replace('.', '-')}.ec2.internal": uuid(self._rng.randbytes(16).hex())
            for interface in found
        }
        self._counters = dict.fromkeys(self._hosts, 0)

    def tell(self, at_ms: int) -> list[Record]:
        """Return a process that begins and is gone, or something else."""
        rng = self._rng
        host = rng.choice([*self._hosts])
        if rng.random() < OTHER_SHARE:
            return [self._other(host, at_ms)]
        path, command, user, name, parent = rng.choice(PROGRAMS)
        at_s, pid = at_ms // 1000, str(rng.randrange(20_000, 4_000_000))
        process = {
            "pid": pid,
            "path": path,
            "cmdline": command,
            "parent": str(rng.randrange(1, 900)),
            "uid": user,
        }
        begun = {**process, "cwd": "/", "parent_path": parent, "username": name, "time": str(at_s)}
        found = [self._result(host, at_ms, EVENTS, "added", begun)]
        if rng.random() < 0.5:
            gone = {"name": path.rpartition("/")[2], **process, "state": "S"}
            found.append(self._result(host, at_ms + rng.randrange(1000, 20_000), RUNNING, "removed", gone))
        return found

    def _other(self, host: str, at_ms: int) -> Record:
        rng = self._rng
        if rng.random() < 0.3:
            said = f"Executing scheduled query {EVENTS}: select * from process_events;"
            status = {"severity": "0", "filename": "scheduler.cpp", "line": "102", "message": said, "version": "5.13.1"}
            return self._line(host, at_ms, status)
        if rng.random() < 0.5:
            package = {"name": "openssl-libs", "version": "3.0.8", "release": "1.amzn2023.0.18", "arch": "x86_64"}
            return self._result(host, at_ms, PACKAGES, rng.choice(("added", "removed")), package)
        mounts = [{"device": "/dev/nvme0n1p1", "path": "/", "type": "xfs", "blocks_free": str(rng.randrange(10**6))}]
        return self._line(host, at_ms, {"name": MOUNTS, "action": "snapshot", "snapshot": mounts, "numerics": False})

    def _result(self, host: str, at_ms: int, query: str, action: str, columns: dict[str, str]) -> Record:
        return self._line(host, at_ms, {"name": query, "action": action, "columns": columns, "numerics": False})

    def _line(self, host: str, at_ms: int, body: dict[str, Any]) -> Record:
        self._counters[host] += 1
        at = utc(at_ms // 1000)
        line = {
            **body,
            "hostIdentifier": host,
            "calendarTime": f"{at:%a %b} {at.day:2d} {at:%H:%M:%S %Y} UTC",
            "unixTime": str(at_ms // 1000),
            "epoch": "0",
            "counter": str(self._counters[host]),
            "decorations": {"host_uuid": self._hosts[host], "hostname": host},
        }
        return Record(at_ms, host, f"{host}|{line['counter']}", json.dumps(line, separators=(",", ":")))


def feed(run: Run, expected: float) -> ShippedLog:
    """Return about `expected` lines over the run, and the objects that hold them."""
    return ShippedLog(run, NAME, ROOT, expected, Hosts(run).tell)


SOURCE = Source(name=NAME, root=ROOT, share=0.008, open=feed)
