"""What Catchment needs of its machine and its surroundings, checked one by one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version

from transforms.errors import CatchmentError, ConfigError
from transforms.lake.table import Lake
from transforms.readers.base import open_store, scheme_of
from transforms.readers.probe import probe_conditional_put
from transforms.settings import Settings
from transforms.sources import registry


def checks(settings: Settings) -> Iterator[tuple[str, str | None]]:
    """(what was checked, what is wrong with it or None)."""
    yield f"python {sys.version.split()[0]}", None
    for package in ("apache-airflow", "dbt-core", "dbt-duckdb", "duckdb", "deltalake", "pyarrow"):
        yield from _try(f"{package} {version(package)}", lambda: None)
    yield from _try("duckdb extensions load without a download", lambda: _extensions(settings))
    yield from _try("databases of places can be read", lambda: _places(settings))
    yield from _try(f"lake {settings.lake} can be written, and enforces conditional put", lambda: _lake(settings))
    for source in registry().values():
        try:
            places = settings.source_locations(source.name)
        except ConfigError:
            yield f"{source.name}: not configured, not scheduled", None
            continue
        for place in places:
            yield from _try(f"{source.name} from {place}", lambda place=place: _place(settings, place))  # type: ignore[misc]


def _try(name: str, check: Callable[[], None]) -> Iterator[tuple[str, str | None]]:
    try:
        check()
    except (CatchmentError, OSError, ImportError) as error:
        yield name, str(error)
    else:
        yield name, None


def _extensions(settings: Settings) -> None:
    from transforms.warehouse.session import connect

    connect(settings).close()


def _places(settings: Settings) -> None:
    from transforms.warehouse.places import Places

    Places(settings).place("2001:4860:4860::8888")  # any public address: asked, the default is read


def _lake(settings: Settings) -> None:
    Lake(settings)
    store = open_store(settings.lake, settings.environment)
    probe_conditional_put(store, store.root)


def _place(settings: Settings, place: str) -> None:
    if scheme_of(place) in ("file", "s3", "gs", "az"):
        store = open_store(place, settings.environment)
        store.level(store.root + "/")
