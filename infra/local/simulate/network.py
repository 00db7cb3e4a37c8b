"""The organisation's network in AWS: which instance has which interface and address, whatever source speaks of it."""

from __future__ import annotations

from typing import NamedTuple

from infra.local.simulate.organisation import Organisation


class Interface(NamedTuple):
    """A network interface of an instance."""

    account: str
    region: str
    vpc: str
    instance: str
    uid: str
    ip: str

    @property
    def stream(self) -> str:
        """Where its flows are delivered."""
        return f"{self.account}/{self.region}"


def interfaces(org: Organisation) -> dict[str, tuple[Interface, ...]]:
    """Return the interfaces of every account, one for each instance, the same for all who ask."""
    found = {}
    for number, (account, instances) in enumerate(sorted(org.instances.items())):
        region = org.home_region[account]
        found[account] = tuple(
            Interface(
                account,
                region,
                f"vpc-0{account}{number:04x}",
                instance,
                f"eni-{instance[2:]}",
                f"10.{number}.1.{n + 10}",
            )
            for n, instance in enumerate(instances)
        )
    return found
