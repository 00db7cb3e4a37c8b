"""What the streams of Google Workspace's Reports API share: its token, its pages, and how long an event may be late.

An application's activities are listed newest first, so that no place in the list could be gone on from: they are asked
for window by window.
https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from transforms.errors import ConfigError, RetryableError
from transforms.readers.http import ApiContext, ApiPull, Seen, iso, token_header

if TYPE_CHECKING:
    import httpx

TOKEN = "GOOGLE_WORKSPACE_TOKEN"  # noqa: S105  (the variable's name)
ADMIN = "GOOGLE_WORKSPACE_ADMIN"
SCOPE = "https://www.googleapis.com/auth/admin.reports.audit.readonly"
RIGHT = (
    f"domain-wide delegation of {SCOPE} to the workload's service account; {ADMIN}: the administrator that it acts "
    f"for, who may see reports; or {TOKEN}, a token that is renewed elsewhere"
)
SIGN = "https://www.googleapis.com/auth/iam"
EXCHANGE = "https://oauth2.googleapis.com/token"
PAGE = 1000
"""Activities of one page: the API's most."""
KEPT = timedelta(days=180)
"""https://support.google.com/a/answer/7061566: how long most applications' activities can be asked for."""


def workspace_headers(environment: Mapping[str, str]) -> dict[str, str]:
    """Headers with GOOGLE_WORKSPACE_TOKEN, or with a token of a service account in an administrator's name.

    The account comes from Google's default chain and needs domain-wide delegation for SCOPE; the administrator is
    GOOGLE_WORKSPACE_ADMIN. An account without a key of its own has its request signed by IAM, which wants
    `roles/iam.serviceAccountTokenCreator` on itself. Raises ConfigError, or RetryableError where Google is unreachable.
    https://developers.google.com/identity/protocols/oauth2/service-account#delegatingauthority
    """
    if environment.get(TOKEN, "").strip():
        return token_header(TOKEN, "Bearer {}")(environment)
    admin = environment.get(ADMIN, "").strip()
    if not admin:
        raise ConfigError(f"no administrator of Google Workspace to act for; set {ADMIN}, or {TOKEN}")
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.auth.transport.requests import Request

    from transforms.readers.gcs import credentials_of

    request = Request()
    try:
        found, _ = credentials_of("Google Workspace", environment, SIGN)
        delegated = _delegated(found, admin, request)
        delegated.refresh(request)
        token = str(delegated.token)
    except TransportError:
        raise RetryableError("Google's token endpoint is unreachable") from None
    except GoogleAuthError:  # its text may hold what was sent
        raise ConfigError(
            f"no token for Google Workspace: the service account needs domain-wide delegation for {SCOPE}, "
            f"and {ADMIN} must be an administrator who may see reports"
        ) from None
    return token_header(TOKEN, "Bearer {}")({TOKEN: token})


def _delegated(found: Any, admin: str, request: Any) -> Any:
    """A service account's credentials that act for an administrator."""
    if hasattr(found, "with_subject"):
        return found.with_scopes([SCOPE]).with_subject(admin)
    from google.auth.iam import Signer
    from google.oauth2.service_account import Credentials

    found.refresh(request)
    account = getattr(found, "service_account_email", None)
    if not account:
        raise ConfigError("Google Workspace: the credentials are no service account's, which alone can be delegated to")
    signer = Signer(request, found, account)  # type: ignore[no-untyped-call]
    return Credentials(  # type: ignore[no-untyped-call]
        signer, service_account_email=account, token_uri=EXCHANGE, scopes=[SCOPE], subject=admin
    )


def application(name: str, late: timedelta) -> ApiPull:
    """The stream of an application whose activities may show so late."""

    def first(context: ApiContext) -> str:
        span = f"startTime={iso(context.since)}&endTime={iso(context.until)}"
        return f"{context.base}/admin/reports/v1/activity/users/all/applications/{name}?{span}&maxResults={PAGE}"

    return ApiPull(
        stream=name,
        place="https://admin.googleapis.com",
        permission=RIGHT,
        first=first,
        headers=workspace_headers,
        following=next_token,
        parameter="pageToken",
        measure=measure,
        overlap=late,
        window=timedelta(days=7),
        reach=KEPT - timedelta(hours=1),
    )


def next_token(headers: httpx.Headers, body: Any) -> str | None:
    token = body.get("nextPageToken")
    return token if isinstance(token, str) else None


def measure(body: Any) -> Seen:
    """A page's activities by what makes them the same; a page without any has no list."""
    items = body.get("items", []) if isinstance(body, dict) else None
    if not isinstance(items, list) or "error" in body:
        raise ValueError("the page is no list of activities")
    ids = (item.get("id") for item in items if isinstance(item, dict))
    return Seen(
        records=len(items),
        ids=frozenset(msgspec.json.encode(uid, order="deterministic").decode() for uid in ids),
    )
