"""The reference of the sources: what each is, the least right that reads it, how late it comes, and what it becomes.

Nothing here is a list of sources: declarations, staging models, class seeds and detections say all of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from transforms.report import declared
from transforms.settings import REPOSITORY
from transforms.sources import registry
from transforms.warehouse.routes import routes_of

if TYPE_CHECKING:
    from transforms.sources.base import Source

MODELS = REPOSITORY / "dbt_project" / "models"

OBJECTS = {
    "Sid": "ReadObjects",
    "Effect": "Allow",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::BUCKET/PREFIX/*",
}
LISTING = {
    "Sid": "ListPrefix",
    "Effect": "Allow",
    "Action": "s3:ListBucket",
    "Resource": "arn:aws:s3:::BUCKET",
    "Condition": {"StringLike": {"s3:prefix": "PREFIX/*"}},
}
QUEUE = {
    "Sid": "TakeNotifications",
    "Effect": "Allow",
    "Action": ["sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:DeleteMessage"],
    "Resource": "arn:aws:sqs:REGION:ACCOUNT:QUEUE",
}
STORAGE_VIEWER = """\
gcloud storage buckets add-iam-policy-binding gs://BUCKET --member=MEMBER --role=roles/storage.objectViewer"""
PUBSUB_SUBSCRIBER = """\
gcloud pubsub subscriptions add-iam-policy-binding SUBSCRIPTION --member=MEMBER --role=roles/pubsub.subscriber"""
STORAGE = "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Storage/storageAccounts/ACCOUNT"
BLOB_READER = f"""\
az role assignment create --assignee-object-id PRINCIPAL --role "Storage Blob Data Reader" \\
  --scope {STORAGE}/blobServices/default/containers/CONTAINER"""

QUEUE_PROCESSOR = f"""\
az role assignment create --assignee-object-id PRINCIPAL --role "Storage Queue Data Message Processor" \\
  --scope {STORAGE}/queueServices/default/queues/QUEUE"""

STORES = {"AWS": ("s3", "sqs"), "Google": ("gs", "pubsub"), "Microsoft": ("az", "azqueue")}
"""Where a vendor's own delivery writes to, by scheme of CATCHMENT_<SOURCE>_FROM; any store takes what others export."""
PLACES = {
    "s3": ("S3 by listing", "s3://BUCKET/PREFIX/"),
    "sqs": ("S3 by notification", "sqs://QUEUE"),
    "gs": ("Cloud Storage by listing", "gs://BUCKET/PREFIX/"),
    "pubsub": ("Cloud Storage by notification", "pubsub://PROJECT/SUBSCRIPTION"),
    "az": ("Azure container by listing", "az://CONTAINER/PREFIX/"),
    "azqueue": ("Azure container by Event Grid (block blobs alone)", "azqueue://QUEUE"),
}


@cache
def class_names() -> dict[str, str]:
    """The label `<name> (<uid>)` of each class table that a staging model can route to, by the table's name."""
    names = {}
    for path in sorted((MODELS / "ocsf").glob("ocsf_*.yml")):
        (model,) = yaml.safe_load(path.read_text())["models"]
        table = path.stem.removeprefix("ocsf_")
        names[table] = f"{table} ({model['config']['meta']['class_uid']})"
    return names


def staging_of(source: str) -> Path:
    """The staging model of a source: stg_<first word>__<rest>.sql, any rest for a source that is one word.

    Raises FileNotFoundError where there is none.
    """
    vendor, _, rest = source.partition("_")
    name = f"stg_{vendor}__{rest or '*'}.sql"
    found = next((MODELS / "staging").rglob(name), None)
    if found is None:
        raise FileNotFoundError(f"no model {name} below {MODELS / 'staging'}")
    return found


def classes_of(source: str) -> list[str]:
    """The class tables that a source's staging model routes to."""
    return _routes().get(source, [])


@cache
def _routes() -> dict[str, list[str]]:
    return routes_of(MODELS.parent)


def detections_of(source: str) -> list[str]:
    """The detections that judge rows of a source.

    One reads a class table that the source fills. It names the sources that it means; or its own domain is a vendor's,
    as in det_aws__*, and then it judges that vendor's; or it judges all.
    """
    tables = {f"ocsf_{name}" for name in classes_of(source)}
    return [name for name, inputs, meant in _detections() if tables & inputs and source in meant]


@cache
def _detections() -> tuple[tuple[str, frozenset[str], frozenset[str]], ...]:
    """(name, tables that it reads, sources that it means) of every detection."""
    sources = set(registry())
    paths = {path.stem: path for path in (MODELS / "detections").rglob("*.sql")}
    found = []
    for name, meta in declared():
        text = paths[name].read_text()
        named = sources & set(re.findall(r"'(\w+)'", text))
        vendor = name.removeprefix("det_").partition("__")[0]
        of_vendor = {source for source in sources if source.startswith(f"{vendor}_")}
        read = set(re.findall(r"ref\('(\w+)'\)", text)) | set(meta.get("inputs", ()))
        found.append((name, frozenset(read), frozenset(named or of_vendor or sources)))
    return tuple(found)


def transports_of(source: Source) -> Iterator[tuple[str, str, str]]:
    """(how it is read, an example of CATCHMENT_<SOURCE>_FROM, the least right for it) for each way to a source."""
    for scheme in STORES.get(source.vendor, ("s3", "gs", "az")):
        way, place = PLACES[scheme]
        yield way, place, _right(scheme, source)
    for place, right in dict.fromkeys((pull.place, pull.permission) for pull in source.streams):
        yield "HTTP API", place, right


def _right(scheme: str, source: Source) -> str:
    if scheme in ("s3", "sqs"):
        statements: list[dict[str, Any]] = [OBJECTS, LISTING if scheme == "s3" else QUEUE]
        if source.also_calls:
            also = {"Sid": "Verify", "Effect": "Allow", "Action": list(source.also_calls), "Resource": "*"}
            statements.append(also)
        return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)
    return {
        "gs": STORAGE_VIEWER,
        "pubsub": f"{PUBSUB_SUBSCRIBER}\n{STORAGE_VIEWER}",
        "az": BLOB_READER,
        "azqueue": f"{QUEUE_PROCESSOR}\n{BLOB_READER}",
    }[scheme]


def event_id_of(source: Source) -> str:
    """What makes a record the same record wherever it is delivered, in words."""
    if source.table is not None:
        return f"the columns {', '.join(source.table.identity)}"
    return source.event_id or "the record's own text"


def lateness_of(source: Source) -> str:
    """How late the vendor delivers, and how late an object or a record may come and still be found."""
    days = source.keys.overlap.days if source.keys.segments else 0
    found = [source.lateness]
    found.append(
        f"each poll finds what lies up to {days} days before the newest day seen, the nightly sweep everything"
        if days
        else "each poll finds whatever is new"
    )
    if overlaps := sorted({pull.overlap for pull in source.streams}):
        hours = " to ".join(f"{overlap.total_seconds() / 3600:.2g}" for overlap in overlaps)
        found.append(f"a pull begins {hours} h before the newest event seen")
    return "; ".join(found)


def page(sources: list[Source]) -> str:
    """The reference as Markdown: a table of all, and a section for each."""
    lines = [
        "# Sources",
        "",
        "Written by `catchment reference` from the declarations. Words in capitals are yours to fill in.",
        "",
        "| source | domain | log | OCSF classes | detections |",
        "|---|---|---|---|---|",
    ]
    for source in sources:
        classes = ", ".join(classes_of(source.name))
        count = len(detections_of(source.name))
        lines.append(f"| [`{source.name}`](#{source.name}) | {source.domain} | {source.title} | {classes} | {count} |")
    for source in sources:
        lines += ["", *section(source)]
    return "\n".join(lines) + "\n"


def section(source: Source) -> Iterator[str]:
    """One source's part of the page."""
    yield f"## {source.name}"
    yield ""
    yield f"{source.title}, {source.vendor} ([documentation]({source.documentation})). Lands in `bronze.{source.name}`."
    yield ""
    yield f"- **Domain**: {source.domain}"
    yield f"- **Event id**: {event_id_of(source)}"
    yield f"- **Lateness**: {lateness_of(source)}"
    yield f"- **OCSF classes**: {', '.join(class_names()[name] for name in classes_of(source.name))}"
    judges = detections_of(source.name)
    yield f"- **Detections**: {', '.join(f'`{name}`' for name in judges) or 'none yet'}"
    for way, place, right in transports_of(source):
        language = "json" if right.startswith("{") else "sh" if right.startswith(("gcloud ", "az ")) else "text"
        yield ""
        yield f"{way}: `CATCHMENT_{source.name.upper()}_FROM={place}`"
        yield ""
        yield f"```{language}"
        yield right
        yield "```"
