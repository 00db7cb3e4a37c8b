"""A stolen login in Google Cloud: probing, a key of a service account, the log cut off, a token, a bucket opened."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.simulate.model import Chain, Scene, Step
from infra.local.simulate.sources import gcp_audit as gcp


def plant(scene: Scene) -> Iterator[Step]:
    """Yield the steps: the probing within one clock hour, the rest in the two that follow."""
    rng, start = scene.rng, scene.hour
    found = gcp.estate(scene.run)
    person = scene.person(lambda p: p.is_technical)
    ip = scene.attacker_ip()
    actor = gcp.person_actor(person, ip=ip, command="compute.instances.describe")
    project = rng.choice(tuple(gcp.PROJECTS))
    entity = {"principal": person.email}

    count = rng.randrange(18, 40)
    probes = [
        gcp.compute_call(
            actor, rng.choice(("get", "setMetadata", "getIamPolicy")), project, f"web-{n % 6}", at, rng, code=7
        )
        if n % 3
        else gcp.object_call(actor, "list", project, rng.choice(found.buckets[project]), "", at, rng, code=7)
        for n, at in enumerate(scene.times(count, start + 120, 2700))
    ]
    yield Step(source=gcp.NAME, records=probes, detection="det_gcp__permission_denied_burst", entity=entity)

    target = rng.choice([m for m in found.machines if m.project == project])
    at = (start + 3700 + rng.randrange(600)) * 1000
    key = f"{rng.getrandbits(160):040x}"
    made = gcp.service_account_call(actor, "google.iam.admin.v1.CreateServiceAccountKey", target, at, rng, key=key)
    yield Step(
        source=gcp.NAME,
        records=[made],
        detection="det_gcp__service_account_key_created",
        entity={**entity, "service_account": target.email},
    )
    cut = gcp.delete_sink(actor, project, found.sinks[project], at + rng.randrange(120_000, 600_000), rng)
    yield Step(
        source=gcp.NAME,
        records=[cut],
        detection="det_gcp__log_sink_tampered",
        entity={**entity, "sink": found.sinks[project]},
    )
    stronger = rng.choice([m for m in found.machines if m != target])
    with_key = gcp.machine_actor(target, ip=ip, key=key)
    token = gcp.service_account_call(
        with_key, "GenerateAccessToken", stronger, at + rng.randrange(700_000, 1_200_000), rng
    )
    yield Step(
        source=gcp.NAME,
        records=[token],
        detection="det_gcp__service_account_impersonated",
        entity={"principal": target.email, "service_account": stronger.email},
    )
    behind = gcp.machine_actor(stronger, ip=ip, behind=target.email, key="")
    bucket = rng.choice(found.buckets[stronger.project])
    member = rng.choice(("allUsers", "allAuthenticatedUsers"))
    opened = gcp.set_policy(
        behind, stronger.project, "roles/storage.objectViewer", member, at + rng.randrange(1_300_000, 2_000_000), rng,
        bucket=bucket,
    )  # fmt: skip
    yield Step(
        source=gcp.NAME,
        records=[opened],
        detection="det_gcp__public_bucket",
        entity={"principal": stronger.email, "bucket": bucket},
    )


CHAIN = Chain(
    chain_id="gcp_key_theft",
    title="Stolen login in Google Cloud: probing, service account key, log sink deleted, token, bucket made public",
    plant=plant,
)
