"""The simulated organisation: its logs in native form, its ordinary days, and attacks whose truth is known.

`generate` writes it into folders that stand in for buckets. `Simulation(...).deliveries()` yields the same as
single deliveries in their order, for replays object by object; `apply` makes one of them visible.
"""

from infra.local.simulate.command import command
from infra.local.simulate.model import Delivery
from infra.local.simulate.simulation import Simulation, Truth, apply, generate, known_sources, read_truth

__all__ = ["Delivery", "Simulation", "Truth", "apply", "command", "generate", "known_sources", "read_truth"]
