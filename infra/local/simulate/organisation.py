# ruff: noqa: S311  (seeded randomness is the point)
"""The simulated organisation: one set of people, machines, networks and things that all sources share.

Everything is derived from the seed. Addresses come from the documentation and benchmarking ranges
(RFC 5737, RFC 3849, RFC 2544), names from example.com, account numbers from AWS's own examples.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

DOMAIN = "example.com"
PEOPLE_MIN = 16
PEOPLE_MAX = 60

_FIRST = (
    "Ada", "Amara", "Anders", "Aisha", "Bruno", "Carmen", "Chidi", "Clara", "Dalia", "Dmitri", "Elena",
    "Emeka", "Farah", "Felix", "Freya", "Gita", "Hana", "Henrik", "Ines", "Isaac", "Jana", "Jonas",
    "Kavya", "Kenji",
    "Lars", "Leila", "Luca", "Maya", "Mateo", "Mei", "Nadia", "Nils", "Noor", "Olga", "Omar", "Paula",
    "Priya", "Quentin", "Rafael", "Rosa", "Samir", "Sofia", "Tariq", "Teresa", "Uma",
    "Viktor", "Wanda", "Yara",
)  # fmt: skip
_LAST = (
    "Abara", "Almeida", "Bauer", "Berg", "Castillo", "Chen", "Dahl", "Dubois", "Eriksen", "Ferrari",
    "Fischer",
    "Garcia", "Haddad", "Hansen", "Ito", "Jansen", "Kaya", "Keller", "Khan", "Kowalski", "Larsen", "Lopez",
    "Mbeki",
    "Meyer", "Moreau", "Nakamura", "Novak", "Okafor", "Olsen", "Patel", "Petrov", "Quist", "Ramos", "Rossi",
    "Santos", "Schmidt", "Silva", "Singh", "Sato", "Tanaka", "Turner", "Ueda", "Vargas", "Weber",
    "Wolff", "Yilmaz",
)  # fmt: skip
_DEPARTMENTS = (
    "engineering",
    "engineering",
    "engineering",
    "platform",
    "data",
    "support",
    "finance",
    "sales",
)
TECHNICAL = ("engineering", "platform", "data")
_SITES = (
    # minutes from UTC, city, state, country, postal code, latitude, longitude
    (-300, "New York", "New York", "United States", "10001", 40.7501, -73.9970),
    (-480, "Portland", "Oregon", "United States", "97204", 45.5184, -122.6759),
    (60, "Berlin", "Land Berlin", "Germany", "10115", 52.5323, 13.3846),
    (0, "Dublin", "Leinster", "Ireland", "D02", 53.3379, -6.2591),
    (480, "Singapore", "Central Singapore", "Singapore", "018956", 1.2855, 103.8565),
)
_AGENTS = (
    ("Mac OS X", "CHROME",
     "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/141.0.0.0 Safari/537.36"),
    ("Windows 11", "EDGE",
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0"),
    ("Linux", "FIREFOX", "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"),
    ("Mac OS X", "SAFARI",
     "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/18.6 Safari/605.1.15"),
)  # fmt: skip
_ALNUM = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """An address that somebody uses, and where it is."""

    ip: str
    label: str
    city: str
    state: str
    country: str
    postal_code: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An SSO permission set that a person may use in an AWS account."""

    account: str
    region: str
    role: str
    role_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person with all logins."""

    index: int
    first: str
    last: str
    email: str
    handle: str
    department: str
    is_admin: bool
    utc_offset_min: int
    energy: float
    """Relative amount of activity."""
    networks: tuple[Network, ...]
    browser: str
    browser_os: str
    user_agent: str
    okta_id: str
    okta_device: str
    azure_object_id: str
    azure_puid: str
    grants: tuple[Grant, ...]
    uses_azure: bool

    @property
    def name(self) -> str:
        """Display name."""
        return f"{self.first} {self.last}"

    @property
    def is_technical(self) -> bool:
        """Whether the person works with code and the cloud."""
        return self.department in TECHNICAL

    @property
    def logins(self) -> dict[str, str]:
        """What each kind of system knows the person by: the name of the role session in AWS, the login in GitHub."""
        logins = {"okta": self.email}
        if self.grants:
            logins["aws"] = self.email
        if self.is_technical:
            logins |= {"gcp": self.email, "github": self.handle}
        return logins

    @property
    def github_id(self) -> int:
        """The id behind the login in GitHub."""
        return 4_100_000 + 7919 * self.index


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A machine identity in AWS: an IAM user, a role, or a service of AWS itself."""

    name: str
    kind: str
    """`user`, `role` or `service`."""
    account: str
    region: str
    ip: str
    agent: str
    principal_id: str
    key_id: str
    session: str
    """Role session name; empty for other kinds."""
    does: str
    """The kind of work: names the list of calls in the CloudTrail source."""
    period_min: int
    phase_min: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipal:
    """A machine identity in Azure."""

    name: str
    object_id: str
    app_id: str
    ip: str
    lists_keys: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository of code, and how its pipeline gets into AWS."""

    name: str
    """With its owner."""
    uid: int
    workflow: str
    workflow_uid: int
    account: str
    region: str
    role: str
    role_id: str
    environment: str
    """The deployment environment that its jobs name; empty for none."""
    session: str
    """Role session name; `{run}` stands for the id of the run."""
    onward: tuple[str, str, str] | None
    """(account, role, role id) that its deployments take on from the first role."""
    deploys: str
    """What it deploys: `service`, `function` or `stack`."""

    @property
    def short(self) -> str:
        """The name without the owner."""
        return self.name.split("/")[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Everything that the sources and chains refer to."""

    name: str
    people: tuple[Person, ...]
    accounts: dict[str, str]
    """AWS account id -> name."""
    home_region: dict[str, str]
    workloads: tuple[Workload, ...]
    buckets: dict[str, tuple[str, ...]]
    secrets: dict[str, tuple[str, ...]]
    instances: dict[str, tuple[str, ...]]
    kms_keys: dict[str, tuple[str, ...]]
    trails: dict[str, str]
    tenant_id: str
    subscriptions: dict[str, str]
    """Azure subscription id -> name."""
    resource_groups: tuple[str, ...]
    storage_accounts: tuple[str, ...]
    virtual_machines: tuple[str, ...]
    service_principals: tuple[ServicePrincipal, ...]
    okta_apps: tuple[tuple[str, str, str], ...]
    """(id, label, kind) of the applications behind Okta."""
    repositories: tuple[Repository, ...]
    teams: tuple[tuple[str, int], ...]
    """(name with the owner, id) of the teams in GitHub."""

    @classmethod
    def build(cls, seed: int, people: int) -> Organisation:
        """Return the organisation of a seed with `people` people (held within 16 to 60)."""
        return _build(random.Random(f"organisation/{seed}"), max(PEOPLE_MIN, min(PEOPLE_MAX, people)))

    def engineers(self) -> tuple[Person, ...]:
        """Return the people who work in AWS."""
        return tuple(person for person in self.people if person.grants)

    def developers(self) -> tuple[Person, ...]:
        """Return the people who have a login in GitHub."""
        return tuple(person for person in self.people if person.is_technical)


_ACCOUNTS = {"111122223333": "production", "444455556666": "staging", "777788889999": "security"}
_HOME = {"111122223333": "us-east-1", "444455556666": "eu-west-1", "777788889999": "us-east-1"}
_WORK = (
    # name, kind, account, work, minutes between runs, weight
    ("app-orders", "role", "111122223333", "data", 15, 16.0),
    ("app-checkout", "role", "111122223333", "data", 30, 9.0),
    ("etl-nightly", "role", "111122223333", "etl", 60, 10.0),
    ("ci-deployer", "user", "444455556666", "deploy", 60, 4.0),
    ("terraform-runner", "role", "444455556666", "terraform", 60, 5.0),
    ("backup-agent", "user", "111122223333", "backup", 60, 6.0),
    ("svc-report-export", "user", "111122223333", "export", 60, 3.0),
    ("svc-inventory-sync", "user", "444455556666", "inventory", 60, 3.0),
    ("metrics-collector", "role", "777788889999", "inventory", 30, 4.0),
    ("posture-auditor", "role", "777788889999", "audit", 60, 3.0),
    ("cloudtrail.amazonaws.com", "service", "777788889999", "trail", 30, 9.0),
    ("lambda.amazonaws.com", "service", "111122223333", "assume", 15, 6.0),
    ("ec2.amazonaws.com", "service", "111122223333", "assume", 60, 3.0),
    ("rds.amazonaws.com", "service", "444455556666", "kms", 60, 2.0),
    ("secretsmanager.amazonaws.com", "service", "111122223333", "kms", 30, 4.0),
)
_MACHINE_AGENTS = {
    "data": "aws-sdk-java/2.31.20 md/io#sync Linux/6.1.132 OpenJDK_64-Bit_Server_VM/21.0.7",
    "etl": "Boto3/1.40.4 md/Botocore#1.40.4 ua/2.1 os/linux#6.1.132 md/arch#x86_64 lang/python#3.12.9",
    "deploy": "aws-cli/2.27.22 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.3",
    "terraform": "APN/1.0 HashiCorp/1.0 Terraform/1.12.2 terraform-provider-aws/6.3.0 aws-sdk-go-v2/1.36.5",
    "backup": "rclone/v1.70.2",
    "export": "aws-sdk-go/1.55.7 (go1.24.4; linux; amd64)",
    "inventory": "Boto3/1.40.4 md/Botocore#1.40.4 ua/2.1 os/linux#6.1.132 md/arch#aarch64",
    "audit": "Boto3/1.39.9 md/Botocore#1.39.9 ua/2.1 os/linux#6.1.132 md/arch#x86_64 lang/python#3.12.9",
}
GITHUB_ORGANISATION = "example-org"
GITHUB_ENTERPRISE = "example-enterprise"
_REPOSITORIES = (
    # name, account, environment, session name, onward to, deploys
    ("orders-api", "111122223333", "prod", "orders-api-{run}", None, "service"),
    ("checkout-api", "111122223333", "", "checkout-api-{run}", None, "function"),
    ("infrastructure", "777788889999", "", "terraform-{run}", "111122223333", "stack"),
    ("etl-jobs", "111122223333", "", "GitHubActions", None, "function"),
    ("web-shop", "444455556666", "staging", "GitHubActions", None, "service"),
)
_TEAMS = ("platform", "engineering", "data", "release-managers")
_APPS = (
    ("AWS IAM Identity Center", "amazon_aws_sso"), ("Google Workspace", "google"),
    ("GitHub Enterprise", "github"),
    ("Slack", "slack"), ("Microsoft Office 365", "office365"), ("Jira Cloud", "jira"), ("Zoom", "zoomus"),
    ("Salesforce", "salesforce"), ("PagerDuty", "pagerduty"), ("Workday", "workday"),
)  # fmt: skip


def _hex(rng: random.Random, digits: int) -> str:
    return f"{rng.getrandbits(digits * 4):0{digits}x}"


def _uuid(rng: random.Random) -> str:
    digits = _hex(rng, 32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-b{digits[17:20]}-{digits[20:]}"


def _text(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


def _network(ip: str, label: str, site: tuple[int, str, str, str, str, float, float]) -> Network:
    return Network(
        ip=ip,
        label=label,
        city=site[1],
        state=site[2],
        country=site[3],
        postal_code=site[4],
        latitude=site[5],
        longitude=site[6],
    )


def _person(
    rng: random.Random, index: int, first: str, last: str, roles: dict[tuple[str, str], tuple[str, str]]
) -> Person:
    site_no = rng.choices(range(len(_SITES)), weights=(4, 2, 4, 3, 1))[0]
    site = _SITES[site_no]
    home = (
        f"198.18.{index}.{rng.randrange(2, 250)}" if rng.random() < 0.5 else f"2001:db8:{index + 1:x}::{_hex(rng, 4)}"
    )
    networks = [_network(f"192.0.2.{10 + site_no}", "office", site), _network(home, "home", site)]
    if rng.random() < 0.4:
        networks.append(_network(f"198.51.100.{100 + site_no}", "vpn", site))
    os_name, browser, agent = rng.choice(_AGENTS)
    department = _DEPARTMENTS[index % len(_DEPARTMENTS)]
    technical = department in TECHNICAL
    is_admin = department == "platform"
    grants: list[Grant] = []
    if technical:
        role = "PlatformEngineer" if is_admin else "DataScientist" if department == "data" else "Engineer"
        accounts = ("111122223333", "777788889999") if is_admin else ("111122223333", "444455556666")
        for account in accounts[: 1 + (index % 2)]:
            name, role_id = roles[account, role]
            grants.append(Grant(account=account, region=_HOME[account], role=name, role_id=role_id))
    email = f"{first}.{last}@{DOMAIN}".lower()
    return Person(
        index=index,
        first=first,
        last=last,
        email=email,
        handle=f"{first}-{last}".lower(),
        department=department,
        is_admin=is_admin,
        utc_offset_min=site[0],
        energy=rng.uniform(0.5, 1.5),
        networks=tuple(networks),
        browser=browser,
        browser_os=os_name,
        user_agent=agent,
        okta_id=f"00u{_text(rng, _ALNUM, 17)}",
        okta_device=f"guo{_text(rng, _ALNUM, 17)}",
        azure_object_id=_uuid(rng),
        azure_puid=f"10032{_hex(rng, 11).upper()}",
        grants=tuple(grants),
        uses_azure=technical or department == "support",
    )


def _workload(rng: random.Random, index: int, row: tuple[str, str, str, str, int, float]) -> Workload:
    name, kind, account, does, period, weight = row
    return Workload(
        name=name,
        kind=kind,
        account=account,
        region=_HOME[account],
        ip=name if kind == "service" else f"198.51.100.{20 + index}",
        agent=name if kind == "service" else _MACHINE_AGENTS[does],
        principal_id=("AIDA" if kind == "user" else "AROA") + _text(rng, _UPPER, 17),
        key_id=("AKIA" if kind == "user" else "ASIA") + _text(rng, _UPPER, 16),
        session=f"i-{_hex(rng, 17)}" if does in ("data", "etl") else name if kind == "role" else "",
        does=does,
        period_min=period,
        phase_min=5 * rng.randrange(period // 5),
        weight=weight * rng.uniform(0.8, 1.2),
    )


def _repository(rng: random.Random, row: tuple[str, str, str, str, str | None, str]) -> Repository:
    name, account, environment, session, onward, deploys = row
    return Repository(
        name=f"{GITHUB_ORGANISATION}/{name}",
        uid=rng.randrange(600_000_000, 700_000_000),
        workflow="deploy",
        workflow_uid=rng.randrange(60_000_000, 70_000_000),
        account=account,
        region=_HOME[account],
        role=f"github-deploy-{name}",
        role_id=f"AROA{_text(rng, _UPPER, 17)}",
        environment=environment,
        session=session,
        onward=(onward, f"deploy-target-{name}", f"AROA{_text(rng, _UPPER, 17)}") if onward else None,
        deploys=deploys,
    )


def _build(rng: random.Random, size: int) -> Organisation:
    firsts = rng.sample(_FIRST, len(_FIRST))
    lasts = rng.sample(_LAST, len(_LAST))
    roles: dict[tuple[str, str], tuple[str, str]] = {}
    for account in _ACCOUNTS:
        for role in ("Engineer", "PlatformEngineer", "DataScientist"):
            roles[account, role] = (f"AWSReservedSSO_{role}_{_hex(rng, 16)}", f"AROA{_text(rng, _UPPER, 17)}")
    people = tuple(
        _person(rng, n, firsts[n % len(firsts)], lasts[(n * 7 + n // len(firsts)) % len(lasts)], roles)
        for n in range(size)
    )
    workloads = tuple(_workload(rng, n, row) for n, row in enumerate(_WORK))
    product = rng.choice(("atlas", "beacon", "cinder", "delta", "ember", "fjord"))
    buckets = {
        account: tuple(
            f"example-org-{name}-{use}"
            for use in (product, "exports", "backups", "artifacts", "customer-documents", "analytics", "logs")
        )
        for account, name in _ACCOUNTS.items()
    }
    secret_uses = (
        "database",
        "api-key",
        "signing-key",
        "smtp",
        "oauth-client",
        "webhook",
        "payments",
        "search",
    )
    secrets = {
        account: tuple(
            f"arn:aws:secretsmanager:{_HOME[account]}:{account}:secret:{service}/{use}-{_text(rng, _ALNUM, 6)}"
            for service in (product, "orders", "checkout", "billing", "reporting")
            for use in secret_uses
        )
        for account in _ACCOUNTS
    }
    instances = {account: tuple(f"i-0{_hex(rng, 16)}" for _ in range(24)) for account in _ACCOUNTS}
    keys = {account: tuple(_uuid(rng) for _ in range(4)) for account in _ACCOUNTS}
    principals = tuple(
        ServicePrincipal(
            name=name,
            object_id=_uuid(rng),
            app_id=_uuid(rng),
            ip=f"198.51.100.{60 + n}",
            lists_keys=lists_keys,
        )
        for n, (name, lists_keys) in enumerate(
            (("sp-deploy", True), ("sp-backup", True), ("sp-monitoring", False), ("sp-policy", False))
        )
    )
    return Organisation(
        name="Example Org",
        people=people,
        accounts=dict(_ACCOUNTS),
        home_region=dict(_HOME),
        workloads=workloads,
        buckets=buckets,
        secrets=secrets,
        instances=instances,
        kms_keys=keys,
        trails={account: f"arn:aws:cloudtrail:us-east-1:{account}:trail/org-trail" for account in _ACCOUNTS},
        tenant_id=_uuid(rng),
        subscriptions={_uuid(rng): "production", _uuid(rng): "development"},
        resource_groups=(f"rg-{product}-prod", f"rg-{product}-data", "rg-network", "rg-shared"),
        storage_accounts=tuple(f"st{product}{use}" for use in ("data", "logs", "backup", "web")),
        virtual_machines=tuple(f"vm-{product}-{n:02d}" for n in range(8)),
        service_principals=principals,
        okta_apps=tuple((f"0oa{_text(rng, _ALNUM, 17)}", label, kind) for label, kind in _APPS),
        repositories=tuple(_repository(rng, row) for row in _REPOSITORIES),
        teams=tuple((f"{GITHUB_ORGANISATION}/{name}", rng.randrange(5_000_000, 9_000_000)) for name in _TEAMS),
    )
