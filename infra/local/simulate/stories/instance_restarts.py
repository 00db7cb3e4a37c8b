"""Engineers who restart an instance: CloudTrail records the calls, EventBridge passes them on and says what came."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import TICK_S, Edge, Record, Run, Story
from infra.local.simulate.rhythm import Crowd
from infra.local.simulate.sources import aws_cloudtrail as aws
from infra.local.simulate.sources import aws_eventbridge as bus

RECORDS_EACH = 8
BURST_MEAN = 1.0
BURST_SIZE = 2.6
"""What a burst of that mean counts for, on average."""
STEPS = (("StopInstances", 0, "stopping", "stopped"), ("StartInstances", 90, "pending", "running"))
"""The call, how many seconds after the first one, and the states that it leads to."""


class InstanceRestarts:
    """The story, told as far as it has come."""

    def __init__(self, run: Run, expected: float):
        """Prepare about `expected` records over the run."""
        self.edges: list[Edge] = []
        self.outside: list[tuple[str, str]] = []
        self._rng = run.rng("instance_restarts")
        self._org = run.organisation
        count = expected / RECORDS_EACH
        self._crowd = Crowd(self._org.engineers(), self._rng, run.start, run.end, count * BURST_SIZE)

    def advance(self, start: int) -> Iterator[tuple[str, Record]]:
        """Yield the restarts of the step from `start`."""
        rng = self._rng
        for person, _ in self._crowd.bursts(start, BURST_MEAN):
            grant = rng.choice(person.grants)
            instance = rng.choice(self._org.instances[grant.account])
            begin = start + rng.randrange(TICK_S - 130)
            session = aws.person_session(person, grant, at_s=begin, ip=rng.choice(person.networks).ip)
            for name, after, *states in STEPS:
                record = aws.planted(session, aws.instance_call(name, instance), (begin + after) * 1000, rng)
                self.outside.append((aws.NAME, record.uid))
                yield aws.NAME, record
                yield bus.NAME, bus.call(record, rng)
                for n, state in enumerate(states):
                    at = begin + after + 1 + 20 * n
                    yield bus.NAME, bus.instance_state(grant.account, grant.region, instance, state, at, rng)


STORY = Story(name="instance_restarts", share=0.01, open=InstanceRestarts)
