"""Tetragon on the cluster's nodes: the programs of pods that begin and end, and files that a policy watches.

Lines as the agent exports them, which a shipper packs by the node. Nodes, pods and images are those of Falco's alerts;
a pod stays on its node. https://tetragon.io/docs/concepts/events/
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

from infra.local.simulate.model import Record, Run, Source
from infra.local.simulate.network import interfaces
from infra.local.simulate.rendering import seconds_z, ticks_z
from infra.local.simulate.shipper import ShippedLog
from infra.local.simulate.sources.falco import ACCOUNT, CLUSTER

NAME = "tetragon"
ROOT = "s3/example-org-runtime/tetragon"
VERSION = "1.4.2"
SHIM = "/usr/bin/containerd-shim-runc-v2"
RUNS = (
    # container, program, arguments, file that it reads below a directory that the policy watches
    ("orders", "/usr/bin/curl", "-sf http://127.0.0.1:8080/healthz", ""),
    ("checkout", "/bin/sh", "/opt/rotate.sh", "/etc/ssl/certs/ca-certificates.crt"),
    ("web", "/usr/sbin/nginx", "-t", "/etc/nginx/nginx.conf"),
    ("web", "/usr/bin/wget", "-qO- http://127.0.0.1:8080/", ""),
)
PODS = ("checkout", "orders", "web")
UNSET = 4_294_967_295
"""The login uid of a process that nobody logged in for."""


class Agents:
    """What the agents of all nodes tell."""

    def __init__(self, run: Run):
        self._rng = run.rng(NAME)
        self._boot_ms = (run.start - 86_400) * 1000
        found = interfaces(run.organisation)[ACCOUNT][:6]
        self._nodes = [f"ip-{interface.ip.replace('.', '-')}.ec2.internal" for interface in found]

    def tell(self, at_ms: int) -> list[Record]:
        """Return the life of one process."""
        rng = self._rng
        container, binary, arguments, file = rng.choice(RUNS)
        place = PODS.index(container)
        node, pod = self._nodes[place], self._pod(container)
        shim = self._process(node, self._boot_ms + 60_000, 900 + place, SHIM, "-namespace k8s.io", None)
        process = {
            **self._process(node, at_ms, rng.randrange(20_000, 4_000_000), binary, arguments, pod),
            "parent_exec_id": shim["exec_id"],
        }
        both = {"process": process, "parent": shim}
        told = [self._event(node, at_ms, "process_exec", both)]
        if file:
            call = {
                "function_name": "security_file_permission",
                "args": [{"file_arg": {"path": file, "permission": "-rw-r--r--"}}, {"int_arg": 4}],
                "return": {"int_arg": 0},
                "action": "KPROBE_ACTION_POST",
                "policy_name": "file-monitoring",
                "return_action": "KPROBE_ACTION_POST",
            }
            told.append(self._event(node, at_ms + 2, "process_kprobe", both | call))
        ended = at_ms + rng.randrange(5, 4000)
        return [*told, self._event(node, ended, "process_exit", both | {"time": self._time(ended)})]

    def _process(
        self, node: str, at_ms: int, pid: int, binary: str, arguments: str, pod: dict[str, Any] | None
    ) -> dict[str, Any]:
        ticks = (at_ms - self._boot_ms) * 1_000_000
        return {
            "exec_id": b64encode(f"{node}:{ticks}:{pid}".encode()).decode(),
            "pid": pid,
            "uid": 1000 if pod else 0,
            "cwd": "/",
            "binary": binary,
            "arguments": arguments,
            "flags": "execve rootcwd clone",
            "start_time": self._time(at_ms),
            "auid": UNSET,
            **({"pod": pod, "docker": pod["container"]["id"].removeprefix("containerd://")[:31]} if pod else {}),
            "tid": pid,
        }

    def _pod(self, container: str) -> dict[str, Any]:
        image = f"registry.example.com/{CLUSTER}/{container}"
        return {
            "namespace": CLUSTER,
            "name": f"{container}-0",
            "container": {
                "id": f"containerd://{sha256(f'{CLUSTER}/{container}-0'.encode()).hexdigest()}",
                "name": container,
                "image": {
                    "id": f"{image}@sha256:{sha256(f'{image}:{VERSION}'.encode()).hexdigest()}",
                    "name": f"{image}:{VERSION}",
                },
                "start_time": seconds_z(self._boot_ms // 1000 + 60),
                "pid": 7,
            },
            "workload": container,
            "workload_kind": "StatefulSet",
        }

    def _event(self, node: str, at_ms: int, kind: str, body: dict[str, Any]) -> Record:
        line = {kind: body, "node_name": node, "time": self._time(at_ms), "cluster_name": CLUSTER}
        uid = f"{body['process']['exec_id']}|{kind}"
        return Record(at_ms, node, uid, json.dumps(line, separators=(",", ":")))

    @staticmethod
    def _time(at_ms: int) -> str:
        return f"{ticks_z(at_ms, 0)[:-5]}{at_ms * 7919 % 1_000_000:06d}Z"


def feed(run: Run, expected: float) -> ShippedLog:
    """Return about `expected` events over the run, and the objects that hold them."""
    return ShippedLog(run, NAME, ROOT, expected, Agents(run).tell)


SOURCE = Source(name=NAME, root=ROOT, share=0.008, open=feed)
