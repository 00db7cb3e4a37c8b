"""The country and the autonomous system of a public address, where the event itself does not say them.

| variable | holds | else |
|---|---|---|
| CATCHMENT_GEO_DB | file in MaxMind's format with countries: of GeoLite2, GeoIP2, DB-IP or IPinfo | the default |
| CATCHMENT_ASN_DB | file in MaxMind's format with autonomous systems, of the same | the default |

`none` switches one off. The default is the data of the package geoip2fast, GeoLite2 of June 2024: countries, and the
names of autonomous systems but not their numbers. It is read when the first public address asks for it, and no code of
the package runs. What a database does not hold stays unknown: no country is made of where an address is registered.
"""

from __future__ import annotations

import bisect
import gzip
import importlib.util
import ipaddress
import itertools
import pickle
import re
import socket
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb
import pyarrow as pa

from transforms.errors import ConfigError
from transforms.settings import Settings

GEO, ASN = "CATCHMENT_GEO_DB", "CATCHMENT_ASN_DB"
NONE = "none"
SLICE = 50_000
"""Addresses that are looked up at a time."""
KEPT = 200_000
"""Addresses whose places are kept between batches."""
PROBED = 1000
"""Entries of an operator's database of which one must hold what it is there for."""

V4 = 1 << 32
MAPPED = bytes(10) + b"\xff\xff"
# https://www.iana.org/assignments/iana-ipv4-special-registry, what is not globally reachable, and multicast
SPECIAL_4 = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3"
)
# https://www.iana.org/assignments/ipv6-address-space has public addresses in 2000::/3 alone; of that, the special ones
PUBLIC_6 = "2000::/3"
SPECIAL_6 = "2001::/23 2001:db8::/32 2002::/16 3fff::/20"

COUNTRY = re.compile(r"[A-Z]{2}")
NO_COUNTRIES = {"EU", "AP"}
"""Regions that databases give in a country's place."""
AS_NUMBER = re.compile(r"(?:AS)?(\d{1,10})")


class Place(NamedTuple):
    """country: ISO 3166-1 alpha-2. asn, as_name: number and name of the autonomous system. None: not known."""

    country: str | None = None
    asn: int | None = None
    as_name: str | None = None


NOWHERE = Place()
SCHEMA = pa.schema([("address", pa.string()), ("country", pa.string()), ("asn", pa.int64()), ("as_name", pa.string())])


class Places:
    """The databases of one build.

    Raises ConfigError with variable and path where an operator's file is missing, is no database, or holds something
    else than what it is named for.
    """

    def __init__(self, settings: Settings) -> None:
        self._country = _database(settings, GEO, _country_of)
        self._system = _database(settings, ASN, _system_of)
        self._kept: dict[str, Place] = {}

    @property
    def has_countries(self) -> bool:
        return self._country is not None

    @property
    def has_systems(self) -> bool:
        return self._system is not None

    @property
    def countries(self) -> str | None:
        """Database and build date of the countries; None where they are switched off."""
        return self._country.title if self._country else None

    @property
    def systems(self) -> str | None:
        """Database and build date of the autonomous systems; None where they are switched off."""
        return self._system.title if self._system else None

    def place(self, address: str) -> Place:
        """What the databases say of an address; nothing of one that is not public, or is no address at all."""
        kept = self._kept.get(address)
        if kept is None:
            packed = public(address)
            kept = NOWHERE if packed is None else self._look_up(packed)
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[address] = kept
        return kept

    def _look_up(self, packed: bytes) -> Place:
        country = self._country.find(packed) if self._country else NOWHERE
        system = self._system.find(packed) if self._system else NOWHERE
        if country.country is None and system is NOWHERE:
            return NOWHERE
        return Place(country.country, system.asn, system.as_name)

    def table(self, addresses: Iterable[str]) -> pa.Table:
        """Those of distinct addresses of which something is known, with what it is, as columns of SCHEMA."""
        batches = []
        rest: Iterator[str] = iter(addresses)
        while some := list(itertools.islice(rest, SLICE)):
            some.sort()  # neighbours lie near each other in memory too
            found = [(a, *place) for a in some if (place := self.place(a)) is not NOWHERE]
            columns = zip(*found, strict=True) if found else ([],) * len(SCHEMA)
            batches.append(pa.record_batch([list(c) for c in columns], schema=SCHEMA))
        return pa.Table.from_batches(batches, SCHEMA)


def public(address: str) -> bytes | None:
    """The 4 or 16 bytes of a public address, 4 of an IPv4 address mapped into IPv6; None of any other text."""
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):
        return None
    if packed.startswith(MAPPED):
        packed = packed[12:]
    special, number = _special(len(packed)), int.from_bytes(packed, "big")
    at = bisect.bisect_right(special, (number, 1 << 128)) - 1
    return None if at >= 0 and number <= special[at][1] else packed


@cache
def _special(length: int) -> list[tuple[int, int]]:
    """First and last of the ranges of addresses that are not public, in order, of 4 or 16 bytes."""
    if length == 4:
        return [_ends(network) for network in SPECIAL_4.split()]
    low, high = _ends(PUBLIC_6)
    return [(0, low - 1), *(_ends(network) for network in SPECIAL_6.split()), (high + 1, (1 << 128) - 1)]


def _ends(network: str) -> tuple[int, int]:
    whole = ipaddress.ip_network(network)
    return int(whole.network_address), int(whole.broadcast_address)


# The operator's databases


class _File:
    """A database in MaxMind's format, read in place."""

    def __init__(self, variable: str, path: str, read: Any) -> None:
        self.named = f"{variable}={path}"
        self.read = read
        try:
            self.reader = maxminddb.open_database(path)
            meta = self.reader.metadata()
            self.has_6 = meta.ip_version == 6
            built = datetime.fromtimestamp(meta.build_epoch, UTC).date()
            self.title = f"{meta.database_type} {built}"
            holds = any(read(record) != NOWHERE for _, record in itertools.islice(self.reader, PROBED))
        except (OSError, ValueError, OverflowError, maxminddb.InvalidDatabaseError) as error:
            raise ConfigError(f"{self.named}: cannot be read as a database of MaxMind's format: {error}") from error
        if not holds:
            raise ConfigError(f"{self.named}: {meta.database_type} does not hold what {variable} is for")

    def find(self, packed: bytes) -> Place:
        if len(packed) == 16 and not self.has_6:
            return NOWHERE
        try:
            record = self.reader.get(ipaddress.ip_address(packed))
        except (ValueError, maxminddb.InvalidDatabaseError) as error:
            raise ConfigError(f"{self.named}: is damaged: {error}") from error
        place: Place = self.read(record)
        return place


def _country_of(record: Any) -> Place:
    """MaxMind and DB-IP: country.iso_code. IPinfo: country_code, or a country that is a code."""
    if not isinstance(record, Mapping):
        return NOWHERE
    country = record.get("country")
    code = record.get("country_code") or (country.get("iso_code") if isinstance(country, Mapping) else country)
    return Place(country=_code(code))


def _code(code: Any) -> str | None:
    is_country = isinstance(code, str) and COUNTRY.fullmatch(code) and code not in NO_COUNTRIES
    return code if is_country else None


def _system_of(record: Any) -> Place:
    """MaxMind and DB-IP: autonomous_system_number and _organization. IPinfo: asn (AS64496) and as_name or name."""
    if not isinstance(record, Mapping):
        return NOWHERE
    traits = record.get("traits")
    told = traits if isinstance(traits, Mapping) and "autonomous_system_number" in traits else record
    number = AS_NUMBER.fullmatch(str(told.get("autonomous_system_number", told.get("asn", ""))))
    asn = int(number[1]) if number else 0
    if not 0 < asn < V4:
        return NOWHERE
    names = (told.get(key) for key in ("autonomous_system_organization", "as_name", "name"))
    return Place(asn=asn, as_name=next((name for name in names if isinstance(name, str) and name), None))


# The default


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Networks that do not overlap, in order: the first address and the length of each, and what it is, as an index."""

    first_4: array[int]
    lengths_4: array[int]
    items_4: array[int]
    first_6: _Sixteens
    lengths_6: array[int]
    items_6: array[int]

    def item(self, packed: bytes) -> int | None:
        """What the network of an address is; None where none holds it."""
        number = int.from_bytes(packed, "big")
        if len(packed) == 4:
            at = bisect.bisect_right(self.first_4, number) - 1
            inside = at >= 0 and number - self.first_4[at] < 1 << (32 - self.lengths_4[at])
            return self.items_4[at] if inside else None
        at = bisect.bisect_right(self.first_6, packed) - 1
        inside = at >= 0 and number - int.from_bytes(self.first_6[at], "big") < 1 << (128 - self.lengths_6[at])
        return self.items_6[at] if inside else None


class _Sixteens:
    """Addresses of 16 bytes in one piece: a third of the memory of as many numbers."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data) // 16

    def __getitem__(self, at: int) -> bytes:
        return self.data[16 * at : 16 * at + 16]


@dataclass(frozen=True, slots=True)
class _Data:
    """What geoip2fast's file holds: its ranges of countries and of autonomous systems, and the names of both."""

    title: str
    country_ranges: _Ranges
    countries: list[Place]
    system_ranges: _Ranges
    systems: list[str]


class _Default:
    """The default database, as one of countries or of autonomous systems. It is read on the first question."""

    def __init__(self, variable: str) -> None:
        self.variable = variable

    @property
    def title(self) -> str:
        return _packaged().title

    def find(self, packed: bytes) -> Place:
        data = _packaged()
        if self.variable == GEO:
            item = data.country_ranges.item(packed)
            return data.countries[item] if item is not None else NOWHERE
        item = data.system_ranges.item(packed)
        name = data.systems[item] if item is not None else None
        return Place(as_name=name) if name else NOWHERE


class _Plain(pickle.Unpickler):
    """Reads numbers, texts, lists and dicts; nothing in a file can name code to run."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"names {module}.{name}")


PACKAGE, FILE = "geoip2fast", "geoip2fast-asn-ipv6.dat.gz"
OTHERWISE = f"set {GEO} and {ASN} to files or to `{NONE}`"
UNREADABLE = (
    OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError, OverflowError,
    pickle.UnpicklingError,
)  # fmt: skip
LAYOUT = 120
"""The version of its file that is known here."""


@cache
def _packaged() -> _Data:
    """The package's data in compact form. The package is found, and never imported: its code looks into the working
    folder for a file to unpickle, and takes IPv4 addresses of no autonomous system for those of the one before."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = (spec and spec.submodule_search_locations) or []
    for file in (Path(folder) / FILE for folder in folders):
        try:
            with gzip.open(file) as stream:
                layout, about, _, lists = _Plain(stream).load()
            if layout != LAYOUT:
                raise ValueError(f"its layout is {layout}, not {LAYOUT}")
            title = f"{PACKAGE} {about['info']}"
            _, _, countries, systems, at, at_as, country, system, length, length_as = lists
            return _Data(
                title,
                _ranges(at, length, country),
                [Place(country=code) if (code := _code(named[:2])) else NOWHERE for named in countries],
                _ranges(at_as, length_as, system),
                ["" if name == "<unknown>" else name for name in systems],
            )
        except UNREADABLE as error:
            raise ConfigError(f"{PACKAGE}: {FILE} cannot be read ({error}); {OTHERWISE}") from error
    raise ConfigError(f"{PACKAGE} is not installed; {OTHERWISE}")


def _ranges(first: list[list[int]], lengths: list[list[int]], items: list[list[int]]) -> _Ranges:
    """Ranges out of lists in pieces, IPv4 before IPv6."""
    four = array("I"), array("B"), array("I")
    six = array("B"), array("I")
    blob = bytearray()
    for some, prefixes, kinds in zip(first, lengths, items, strict=True):
        cut = bisect.bisect_left(some, V4)
        for held, values in zip(four, (some, prefixes, kinds), strict=True):
            held.extend(values[:cut])
        for held, values in zip(six, (prefixes, kinds), strict=True):
            held.extend(values[cut:])
        blob += b"".join(number.to_bytes(16, "big") for number in some[cut:])
    return _Ranges(four[0], four[1], four[2], _Sixteens(bytes(blob)), six[0], six[1])


def _database(settings: Settings, variable: str, read: Any) -> _File | _Default | None:
    told = settings.environment.get(variable, "").strip()
    if told == NONE:
        return None
    return _File(variable, told, read) if told else _Default(variable)
