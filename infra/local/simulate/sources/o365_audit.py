"""Microsoft 365's unified audit log: content of the Management Activity API, as a collector writes it to a bucket.

Shapes follow the Office 365 Management Activity API's schema: an array of records of one content type, in no order,
each with the common members and those of its service. Content is made while records come in: it holds older ones too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from isal import igzip

from infra.local.simulate.model import TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.organisation import Organisation, Person
from infra.local.simulate.rendering import compact_time, seconds_z, uuid
from infra.local.simulate.rhythm import Caps, Crowd

NAME = "o365_audit"
ROOT = "microsoft/o365"
POLL_S = 1800
CONTENT_RECORDS = 200
REDELIVERY = 0.02
BURST_MEAN = 2.5
QUIET_PAUSE_S = 6 * 3600
"""One user's ordinary failures lie at least this far apart, so that they never add up."""
LATE_S = 5400
"""Records of the core services show within 60 to 90 minutes."""
GZIP_LEVEL = 1
DIRECTORY, MAIL, FILES, OTHER = "Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General"
SITE = "https://example.sharepoint.com/sites"
OFFICE_HOME = "4765445b-32c6-49b0-83e6-1d93765276ca"
"""Microsoft's own id of office.com, the same in every tenant."""
_SITES = ("engineering", "finance", "everybody")
_FILES = ("Plan.docx", "Budget.xlsx", "Notes.docx", "Roadmap.pptx", "Review.docx", "Draft.docx")
_TEAMS = ("engineering", "on-call", "everybody")


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def record(
    org: Organisation,
    content_type: str,
    workload: str,
    record_type: int,
    operation: str,
    person: Person,
    at_ms: int,
    rng: random.Random,
    **members: object,
) -> Record:
    """Return one record of a person's doing."""
    uid = uuid(rng.randbytes(16).hex())
    body = {
        "CreationTime": seconds_z(at_ms // 1000).removesuffix("Z"),
        "Id": uid,
        "Operation": operation,
        "OrganizationId": org.tenant_id,
        "RecordType": record_type,
        "UserKey": person.azure_puid,
        "UserType": 0,
        "Version": 1,
        "Workload": workload,
        "UserId": person.email,
        **members,
    }
    return Record(at_ms, content_type, uid, _json(body))


def actor(person: Person) -> list[dict[str, object]]:
    """Return how a record of Microsoft Entra names who did it."""
    return [{"ID": person.azure_object_id, "Type": 0}, {"ID": person.email, "Type": 5}]


def sign_in(org: Organisation, person: Person, ip: str, at_ms: int, rng: random.Random, *, failed: bool) -> Record:
    """Return a sign-in to Microsoft 365, or one with a wrong password."""
    why: dict[str, object] = {"ErrorNumber": "0"}
    if failed:
        why = {"LogonError": "InvalidUserNameOrPassword", "ErrorNumber": "50126"}
    return record(
        org,
        DIRECTORY,
        "AzureActiveDirectory",
        15,
        "UserLoginFailed" if failed else "UserLoggedIn",
        person,
        at_ms,
        rng,
        ResultStatus="Failed" if failed else "Success",
        ClientIP=ip,
        ActorIpAddress=ip,
        ObjectId=OFFICE_HOME,
        ApplicationId=OFFICE_HOME,
        Actor=actor(person),
        Target=[{"ID": OFFICE_HOME, "Type": 0}],
        ModifiedProperties=[],
        ExtendedProperties=[
            {"Name": "UserAgent", "Value": person.user_agent},
            {"Name": "RequestType", "Value": "OAuth2:Authorize"},
        ],
        **why,
    )


def file_used(
    org: Organisation, operation: str, person: Person, ip: str, at_ms: int, rng: random.Random, number: int
) -> Record:
    """Return a use of a file that lies in a site."""
    site, name = f"{SITE}/{_SITES[number % len(_SITES)]}", _FILES[number % len(_FILES)]
    return record(
        org,
        FILES,
        "SharePoint",
        6,
        operation,
        person,
        at_ms,
        rng,
        ClientIP=ip,
        EventSource="SharePoint",
        ItemType="File",
        ListItemUniqueId=uuid(f"{number:032x}"),
        ObjectId=f"{site}/Shared Documents/{name}",
        Site=uuid(f"{number % len(_SITES) + 1:032x}"),
        SiteUrl=f"{site}/",
        SourceFileExtension=name.rpartition(".")[2],
        SourceFileName=name,
        SourceRelativeUrl="Shared Documents",
        UserAgent=person.user_agent,
    )


def mail_read(org: Organisation, person: Person, ip: str, at_ms: int, rng: random.Random) -> Record:
    """Return that a person's client read the person's own mail."""
    return record(
        org,
        MAIL,
        "Exchange",
        50,
        "MailItemsAccessed",
        person,
        at_ms,
        rng,
        ResultStatus="Succeeded",
        ClientIPAddress=ip,
        ClientInfoString="Client=REST;Client=RESTSystem;;",
        ExternalAccess=False,
        LogonType=0,
        MailboxGuid=uuid(person.azure_object_id.replace("-", "")[::-1]),
        MailboxOwnerUPN=person.email,
        OperationCount=1,
        OperationProperties=[{"Name": "MailAccessType", "Value": "Bind"}, {"Name": "IsThrottled", "Value": "False"}],
        OrganizationName="example.com",
        OriginatingServer="AM0PR00MB0001 (15.20.0000.000)\r\n",
    )


class Records:
    """The ordinary working days of the organisation in Microsoft 365, and how its content is collected."""

    def __init__(self, run: Run, expected: float):
        """Prepare `expected` ordinary records over the run."""
        self.distinct = 0
        self._run = run
        self._org = run.organisation
        self._rng = run.rng(NAME)
        self._crowd = Crowd(self._org.people, self._rng, run.start, run.end, expected)
        self._caps = Caps()
        self._waiting: list[tuple[int, Record]] = []

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the content collected in the step from `start`."""
        for person in self._crowd.round(start):
            for network in person.networks:
                self._work(person, network.ip, start, 1)
        for person, size in self._crowd.bursts(start, BURST_MEAN):
            self._work(person, self._rng.choice(person.networks).ip, start, size)
        self._publish(planted)
        if start % POLL_S == 0:
            yield from self._content(start)

    def finish(self) -> Iterator[Delivery]:
        """Yield the content of what is left."""
        at = self._run.end - self._run.end % POLL_S + POLL_S
        while self._waiting:
            yield from self._content(at)
            at += POLL_S

    def _publish(self, records: Sequence[Record]) -> None:
        self.distinct += len(records)
        rng = self._rng
        for found in records:
            visible = found.at_ms // 1000 + rng.randrange(120, LATE_S)
            self._waiting.append((visible, found))
            if rng.random() < REDELIVERY:  # content overlaps, and is listed again
                self._waiting.append((visible + POLL_S, found))

    def _content(self, at: int) -> Iterator[Delivery]:
        due = [found for visible, found in self._waiting if visible < at]
        self._waiting = [(visible, found) for visible, found in self._waiting if visible >= at]
        for content_type in sorted({found.stream for found in due}):
            part = [found for found in due if found.stream == content_type]
            for number, first in enumerate(range(0, len(part), CONTENT_RECORDS)):
                bodies = [found.body for found in part[first : first + CONTENT_RECORDS]]
                yield Delivery(
                    source=NAME,
                    key=f"{ROOT}/{compact_time(at, '%Y/%m/%d/%H%M%S')}_{content_type}_{number:04d}.json.gz",
                    data=igzip.compress(f"[{','.join(bodies)}]".encode(), GZIP_LEVEL, mtime=0),
                    delivered_at=utc(at),
                    offset=None,
                    records=len(bodies),
                )

    def _work(self, person: Person, ip: str, start: int, size: int) -> None:
        rng, last = self._rng, self._run.end * 1000 - 1
        at = start * 1000 + rng.randrange(TICK_S * 1000)
        failed = self._caps.rest(at // 1000, person.email, "trouble", QUIET_PAUSE_S) if rng.random() < 0.03 else False
        records = [sign_in(self._org, person, ip, min(at, last), rng, failed=failed)]
        for _ in range(size - 1):
            at = min(at + rng.randrange(2000, 40_000), last)
            records.append(self._one(person, ip, at))
        self._publish(records)

    def _one(self, person: Person, ip: str, at: int) -> Record:
        """People read their mail, read and write files of their sites, and at times put a colleague into a team."""
        org, rng = self._org, self._rng
        choice = rng.random()
        if choice < 0.4:
            return mail_read(org, person, ip, at, rng)
        if choice < 0.7 or not person.is_admin:
            operations = ("FileAccessed", "FileModified", "FileUploaded", "FileDownloaded")
            operation = rng.choices(operations, weights=(12, 6, 2, 1))[0]
            return file_used(org, operation, person, ip, at, rng, rng.randrange(18))
        other, team = rng.choice(org.people), rng.choice(_TEAMS)
        return record(
            org,
            OTHER,
            "MicrosoftTeams",
            25,
            rng.choice(("MemberAdded", "MemberRemoved")),
            person,
            at,
            rng,
            TeamName=team,
            TeamGuid=f"19:{team}@thread.tacv2",
            Members=[{"DisplayName": f"{other.first} {other.last}", "Role": 0, "UPN": other.email}],
        )


SOURCE = Source(name=NAME, root=ROOT, share=0.05, open=Records)
