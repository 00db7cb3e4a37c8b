# ruff: noqa: S311  (seeded randomness is the point)
"""IAM credential reports as a job that asks each account for one keeps them: what GetCredentialReport returns, in JSON.

AWS makes a report when it is asked and the last one is four hours old; until then it gives the same again.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from infra.local.simulate.model import DAY_S, HOUR_S, TICK_S, Delivery, Record, Run, Source, utc
from infra.local.simulate.rendering import compact_time
from infra.local.simulate.rhythm import hour_of_week

NAME = "aws_iam_credential_report"
BUCKET = "s3/example-org-credential-reports"
LEAST_S = 4 * HOUR_S
ROTATION_S = 60 * DAY_S
"""How long an access key is used."""
WEEKEND = 120
"""The hour of the week in which the weekend begins."""
WEEK_FILLED = 6 / 7
"""Part of a week's turns that are taken."""
AGAIN = 0.1
"""Part of the reports that the job fetches twice."""
EVERYWHERE = {"break-glass-1": "", "break-glass-2": "", "ses-smtp": "email", "license-server": "s3"}
"""Users that each account has, and what their key is used for."""
COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,"
    "access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,"
    "cert_2_last_rotated"
)
NO_KEY = ("false", "N/A", "N/A", "N/A", "N/A")
NO_CERTIFICATES = ("false", "N/A", "false", "N/A")


class User(NamedTuple):
    """An IAM user with a key, for a machine; or with a password and a second factor, for an emergency."""

    name: str
    created: int
    region: str
    service: str
    """What the key is used for; empty for a person."""


def users(run: Run) -> dict[str, tuple[User, ...]]:
    """Return the users of every account."""
    rng = random.Random(f"iam users/{run.seed}")
    found: dict[str, list[User]] = {account: [] for account in run.organisation.accounts}
    for work in run.organisation.workloads:
        if work.kind == "user":
            age = rng.randrange(200, 900)
            service = "s3" if work.does in ("backup", "export") else "ec2"
            found[work.account].append(User(work.name, run.start - age * DAY_S, work.region, service))
    for account, region in run.organisation.home_region.items():
        age = rng.randrange(900, 1200)
        found[account] += [User(name, run.start - age * DAY_S, region, used) for name, used in EVERYWHERE.items()]
    return {account: tuple(sorted(held)) for account, held in found.items()}


def row(account: str, user: User, at: int) -> str:
    """Return the user's line of a report that is made at `at` (epoch seconds)."""
    who = (user.name, f"arn:aws:iam::{account}:user/{user.name}", _time(user.created))
    if user.service:
        rotated = at - (at - user.created) % ROTATION_S
        key = ("true", _time(rotated), _time(max(rotated, at // HOUR_S * HOUR_S - HOUR_S)), user.region, user.service)
        password = ("false", "N/A", "N/A", "N/A", "false")
        return ",".join((*who, *password, *key, *NO_KEY, *NO_CERTIFICATES))
    password = ("true", "no_information", _time(user.created + DAY_S), "N/A", "true")
    return ",".join((*who, *password, *NO_KEY, *NO_KEY, *NO_CERTIFICATES))


def root(account: str, created: int) -> str:
    """Return the line of the account's root user, whom nobody uses."""
    who = ("<root_account>", f"arn:aws:iam::{account}:root", _time(created))
    password = ("not_supported", "no_information", "not_supported", "not_supported", "true")
    return ",".join((*who, *password, *NO_KEY, *NO_KEY, *NO_CERTIFICATES))


def _time(epoch_s: int) -> str:
    return compact_time(epoch_s, "%Y-%m-%dT%H:%M:%S+00:00")


class Reports:
    """The reports of all accounts: at even distances, at weekends every second one."""

    def __init__(self, run: Run, expected: float):
        """Prepare about `expected` rows over the run."""
        self.distinct = 0
        self._run, self._rng, self._users = run, run.rng(NAME), users(run)
        rows = sum(len(held) + 1 for held in self._users.values())
        every = (run.end - run.start) * WEEK_FILLED * rows / max(expected, rows)
        self._every = max(LEAST_S, round(every / TICK_S) * TICK_S)

    def advance(self, start: int, planted: Sequence[Record]) -> Iterator[Delivery]:
        """Yield the reports made in the step from `start`. A report has no single records that could be planted."""
        if planted:
            raise ValueError("a credential report is made of the account's users, not of records")
        turn, between = divmod(start - self._run.start, self._every)
        if between or (turn % 2 and hour_of_week(start) >= WEEKEND):
            return
        for account, held in self._users.items():
            oldest = min(user.created for user in held) - DAY_S
            lines = [COLUMNS, root(account, oldest), *(row(account, user, start) for user in held)]
            self.distinct += len(lines) - 1
            content = base64.b64encode("\n".join(lines).encode()).decode()
            body = {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": _time(start)}
            times = [start, start + TICK_S // 2] if self._rng.random() < AGAIN else [start]
            for at in times:
                yield Delivery(
                    source=NAME,
                    key=f"{BUCKET}/{account}/{compact_time(at, '%Y/%m/%d/%Y%m%dT%H%M%SZ')}.json",
                    data=json.dumps(body, indent=4).encode(),
                    delivered_at=utc(at),
                    offset=None,
                    records=len(lines) - 1,
                )

    def finish(self) -> Iterator[Delivery]:
        """Yield nothing: a report is there when it is made."""
        yield from ()


SOURCE = Source(name=NAME, root=BUCKET, share=0.025, open=Reports)
