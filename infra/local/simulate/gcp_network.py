"""The network in Google Cloud: which instance has which address."""

from __future__ import annotations

from typing import NamedTuple

from infra.local.simulate.model import Run
from infra.local.simulate.sources.gcp_audit import estate

REGION, ZONE = "europe-west1", "europe-west1-b"


class Instance(NamedTuple):
    """An instance, and the address of its interface."""

    project: str
    name: str
    ip: str


def instances(run: Run) -> dict[str, tuple[Instance, ...]]:
    """Return the instances of every project, the same for all who ask."""
    return {
        project: tuple(Instance(project, name, f"10.{100 + number}.0.{n + 10}") for n, name in enumerate(names))
        for number, (project, names) in enumerate(sorted(estate(run).instances.items()))
    }
