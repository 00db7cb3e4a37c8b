"""What databases of weaknesses say of the simulated ones: as much text as they write of real ones.

A scanner hands all of it on with each finding, which is what makes its reports as large as they are.
https://nvd.nist.gov/vuln https://ossf.github.io/osv-schema/
"""

from __future__ import annotations

from typing import NamedTuple

PUBLISHED, MODIFIED = "2026-01-02T03:04:05Z", "2026-02-11T16:20:31Z"
VECTORS = {
    # base score: the CVSS 3.1 vector that has it
    7.5: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
    5.5: "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H",
    5.3: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L",
    3.3: "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:L",
}
WORST = 7.0
"""A base score from which on a service stops altogether, in the text of an advisory."""


class Advisory(NamedTuple):
    """One weakness of one package, in words and links."""

    title: str
    description: str
    cwes: tuple[str, ...]
    vector: str
    references: tuple[str, ...]


def advisory(cve: str, package: str, version: str, fixed: str | None, score: float) -> Advisory:
    """Return what is said of a weakness. Raises KeyError for a score without a vector."""
    vector = VECTORS[score]
    remote = "/AV:N/" in vector
    harm = "stop the service" if score >= WORST else "slow the service down for a while"
    reach = "anybody who can send it a request over the network" if remote else "a user who can already run programs"
    mend = (
        f"Version {fixed} checks the length before it allocates; builds for older branches carry the same change."
        if fixed
        else "No version that mends it has been published; the maintainers do not plan one for this branch."
    )
    description = (
        f"A flaw was found in {package} up to and including {version}. The length of an input is taken from the input "
        f"itself and is not compared with what was read, so that the library allocates as much memory as it is told to "
        f"and walks beyond the part that was filled. With a prepared input {reach} can {harm}; what other requests "
        f"hold in memory is not shown to them, and nothing is written to where it should not be. Programs that limit "
        f"the size of what they pass on are not affected. {mend} Until then the limit can be set in the configuration "
        f"of the program that uses the library, at the cost of refusing inputs that are large and well formed."
    )
    links = (
        *(f"https://nvd.example.com/vuln/detail/{cve}", f"https://www.example.com/CVERecord?id={cve}"),
        *(f"https://access.example.com/security/cve/{cve}", f"https://security.example.com/advisory/{package}/{cve}"),
        *(f"https://git.example.com/{package}/commit/{cve.lower()}", f"https://lists.example.com/{package}/2026/{cve}"),
        *(f"https://tracker.example.com/{package}/issues?q={cve}", f"https://ubuntu.example.com/security/{cve}"),
    )
    return Advisory(f"{package}: an input's length is believed", description, ("CWE-400", "CWE-770"), vector, links)
