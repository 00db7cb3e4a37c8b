"""Requests to the organisation's sites in Azure, and what the firewall before them finds, whatever source speaks of it.

The organisation's people open the portal from their networks; the world visits the shop; now and then a scanner asks
for what nobody serves, and a rule of the firewall turns it away.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from infra.local.simulate.model import Record, Run
from infra.local.simulate.organisation import DOMAIN, Network, Organisation, Person

HUMAN_SHARE = 0.3
SCAN_EVERY = 12
"""One of so many requests from the world is a scanner's."""
PORTAL = f"portal.{DOMAIN}"
SHOP = f"shop.{DOMAIN}"
RESULTS = ((200, 82), (304, 8), (404, 6), (302, 3), (500, 1))
SCANNED = ("/.env", "/.git/config", "/wp-login.php", "/cgi-bin/status")
EPHEMERAL = range(32_768, 60_999)


class Visit(NamedTuple):
    """A request of a client, and how it ended."""

    at_ms: int
    ip: str
    port: int
    method: str
    host: str
    path: str
    """With the query."""
    agent: str
    status: int
    received: int
    """Bytes of the request."""
    sent: int
    """Bytes of the answer."""
    took_ms: int

    @property
    def is_blocked(self) -> bool:
        """Whether a rule of the firewall turned it away."""
        return self.status == 403


class Visits:
    """Who visits which site; `render` gives the records that one source has of a visit."""

    def __init__(self, run: Run, name: str, render: Callable[[Organisation, Visit, random.Random], list[Record]]):
        """Take the organisation's people."""
        self.people = run.organisation.people
        self._org, self._rng, self._render = run.organisation, run.rng(name), render

    def visit(self, person: Person, network: Network, at_ms: int, size: int) -> list[Record]:
        """Open a few pages of the portal."""
        return [record for n in range(size) for record in self._page(person, network, at_ms + 700 * n)]

    def round(self, person: Person, network: Network, at_ms: int) -> list[Record]:
        """Open one page of the portal."""
        return self._page(person, network, at_ms)

    def work(self, turn: int, at_ms: int) -> list[Record]:
        """Let one visitor of the world do one thing."""
        rng = self._rng
        if turn % SCAN_EVERY == 0:
            ip = f"198.18.{rng.randrange(256)}.{rng.randrange(1, 255)}"
            return self._tell(at_ms, ip, "GET", SHOP, rng.choice(SCANNED), "zgrab/0.x", 403)
        method, path = rng.choices(
            (("GET", f"/items/{rng.randrange(500)}?ref={rng.randrange(9)}"), ("POST", "/cart"), ("HEAD", "/")),
            (85, 12, 3),
        )[0]
        status = rng.choices([code for code, _ in RESULTS], [weight for _, weight in RESULTS])[0]
        agent = rng.choice(self.people).user_agent
        return self._tell(at_ms, f"192.0.2.{rng.randrange(1, 240)}", method, SHOP, path, agent, status)

    def _page(self, person: Person, network: Network, at_ms: int) -> list[Record]:
        path = self._rng.choice(("/", "/reports", "/reports?month=2026-11", "/profile"))
        return self._tell(at_ms, network.ip, "GET", PORTAL, path, person.user_agent, 200)

    def _tell(self, at_ms: int, ip: str, method: str, host: str, path: str, agent: str, status: int) -> list[Record]:
        rng = self._rng
        port, sizes, took = (
            rng.choice(EPHEMERAL),
            (rng.randrange(90, 2000), rng.randrange(200, 90_000)),
            rng.randrange(3, 900),
        )
        return self._render(self._org, Visit(at_ms, ip, port, method, host, path, agent, status, *sizes, took), rng)
