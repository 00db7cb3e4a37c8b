"""Weaknesses of the organisation's instances, the same for all who scan them or hand on what a scan found."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from infra.local.simulate.network import Interface, interfaces
from infra.local.simulate.organisation import Organisation

KNOWN = (
    # CVE, package, version, version that mends it, CVSS score, severity
    ("CVE-2026-10001", "openssl-libs", "3.0.8", "3.0.9", 7.5, "HIGH"),
    ("CVE-2026-10002", "curl", "8.3.0", "8.4.0", 5.3, "MEDIUM"),
    ("CVE-2026-10003", "kernel", "6.1.90", "6.1.96", 5.5, "MEDIUM"),
    ("CVE-2026-10004", "zlib", "1.2.11", None, 3.3, "LOW"),
)


class Weakness(NamedTuple):
    """One CVE in one package of one instance."""

    uid: str
    """32 hexadecimal digits, the end of the finding's ARN."""
    interface: Interface
    cve: str
    package: str
    version: str
    fixed_in: str | None
    score: float
    severity: str

    @property
    def arn(self) -> str:
        """Amazon Inspector's name of the finding."""
        return f"arn:aws:inspector2:{self.interface.region}:{self.interface.account}:finding/{self.uid}"

    @property
    def instance(self) -> str:
        """The instance's ARN."""
        return f"arn:aws:ec2:{self.interface.region}:{self.interface.account}:instance/{self.interface.instance}"


def weaknesses(org: Organisation) -> tuple[Weakness, ...]:
    """Return every weakness, in a fixed order."""
    return tuple(
        Weakness(hashlib.sha256(f"{interface.instance}/{known[0]}".encode()).hexdigest()[:32], interface, *known)
        for account in interfaces(org).values()
        for interface in account
        for known in KNOWN
    )
