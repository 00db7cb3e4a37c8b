"""People who sign in to the AWS console, as their identity provider lets them: Okta hands over, then AWS lets in."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import TICK_S, Edge, Record, Run, Story
from infra.local.simulate.rhythm import Crowd
from infra.local.simulate.sources import aws_cloudtrail as aws
from infra.local.simulate.sources import okta_system_log as okta

RECORDS_EACH = 2
BURST_MEAN = 1.0
BURST_SIZE = 2.6
"""What a burst of that mean counts for, on average."""
APP = "AWS IAM Identity Center"


class ConsoleSignIns:
    """The story, told as far as it has come."""

    def __init__(self, run: Run, expected: float):
        """Prepare about `expected` records over the run."""
        self.edges: list[Edge] = []
        self.outside: list[tuple[str, str]] = []
        self._run = run
        self._rng = run.rng("console_sign_ins")
        count = expected / RECORDS_EACH
        self._crowd = Crowd(run.organisation.engineers(), self._rng, run.start, run.end, count * BURST_SIZE)

    def advance(self, start: int) -> Iterator[tuple[str, Record]]:
        """Yield the sign-ins of the step from `start`, each half a minute apart at most."""
        rng = self._rng
        for person, _ in self._crowd.bursts(start, BURST_MEAN):
            network = rng.choice(person.networks)
            at = start * 1000 + rng.randrange((TICK_S - 40) * 1000)
            app = okta.app_target((f"0oa{rng.randbytes(8).hex()}", APP, APP))
            target = [app, okta.user_target(person)]
            visit = okta.Visit(person, network, rng)
            yield okta.NAME, okta.event(visit, "user.authentication.sso", at, rng, target=target)
            session = aws.person_session(person, rng.choice(person.grants), at_s=at // 1000, ip=network.ip)
            login = aws.console_login(success=True, mfa=True)
            yield aws.NAME, aws.planted(session, login, at + rng.randrange(2_000, 30_000), rng)


STORY = Story(name="console_sign_ins", share=0.01, open=ConsoleSignIns)
