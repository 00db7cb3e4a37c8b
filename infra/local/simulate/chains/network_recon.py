"""Somebody on the internet scans the instances of an account, gets into one, and carries data out of it."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import HOUR_S, Chain, Scene, Step
from infra.local.simulate.network import interfaces
from infra.local.simulate.sources import aws_vpc_flow as vpc

_PORTS = (21, 22, 23, 25, 110, 139, 445, 1433, 1521, 2375, 3306, 3389, 5432, 5900, 6379, 8080, 8443, 9200, 11211, 27017)


def _address(scene: Scene) -> str:
    """An attacker's IPv4 address: the networks have no other."""
    while ":" in (address := scene.attacker_ip()):
        pass
    return address


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the scan, all within a quarter of an hour, and an hour later the data that leaves."""
    rng = scene.rng
    account = rng.choice(tuple(scene.organisation.accounts))
    targets = rng.sample(interfaces(scene.organisation)[account], rng.randrange(3, 8))
    scanner = _address(scene)
    ports = rng.sample(_PORTS, rng.randrange(8, 16))
    probes = [(target, port) for target in targets for port in ports]
    rng.shuffle(probes)
    quarter = scene.hour + 900 * rng.randrange(4)
    scan = [
        vpc.planted(
            target,
            vpc.Flow(
                scanner, target.ip, rng.choice(vpc.EPHEMERAL), port, 6, 1, 44, outbound=False,
                accepted=port == ports[0], flags=2,
            ),
            at,
        )
        for (target, port), at in zip(probes, scene.times(len(probes), quarter + 30, 700), strict=True)
    ]  # fmt: skip
    yield Step(source=vpc.NAME, records=scan, detection="det_network__port_scan", entity={"source": scanner})
    victim, drop = targets[0], _address(scene)
    stolen = [
        vpc.planted(
            victim,
            vpc.Flow(
                victim.ip, drop, rng.choice(vpc.EPHEMERAL), 443, 6, packets, packets * 1400, outbound=True, flags=3
            ),
            at,
        )
        for at in scene.times(rng.randrange(20, 40), scene.hour + HOUR_S + 60, 3000)
        for packets in [rng.randrange(200_000, 600_000)]
    ]
    yield Step(source=vpc.NAME, records=stolen, entity={"source": victim.ip, "destination": drop})


CHAIN = Chain(chain_id="network_recon", title="Port scan from the internet, then data carried out", plant=plant)
