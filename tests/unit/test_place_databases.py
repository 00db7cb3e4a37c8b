"""Where an address is: public ones alone, out of the packaged data or the operator's own files."""

from __future__ import annotations

import gzip
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from transforms.errors import ConfigError
from transforms.settings import Settings
from transforms.warehouse import places as module
from transforms.warehouse.places import ASN, GEO, NOWHERE, Place, Places, public

PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111")
NOT_PUBLIC = (
    "10.0.0.1", "100.64.9.9", "127.0.0.1", "169.254.169.254", "172.31.255.255", "192.168.0.1", "0.0.0.0",
    "192.0.2.1", "198.51.100.7", "203.0.113.255", "198.18.0.1", "224.0.0.251", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "ff02::1", "2001:db8::8", "3fff::1", "2002:808:808::1", "::ffff:10.0.0.1",
)  # fmt: skip
JUNK = (
    "", "-", "8.8.8", "8.8.8.8 ", "8.8.8.8/32", "8.8.8.8:443", "08.8.8.8", "256.8.8.8", "fe80::1%eth0", "[::1]",
    "s3.amazonaws.com", "8.8.8.8\0", "\ud800", "'; drop table x; --", "1" * 10_000, ":" * 10_000,
)  # fmt: skip


def places(**environment: Any) -> Places:
    return Places(Settings(lake="lake", environment={name: str(value) for name, value in environment.items()}))


def database(path: Path, kind: str, records: dict[str, Any], version: int = 6) -> Path:
    writer = MMDBWriter(ip_version=version, database_type=kind, ipv4_compatible=version == 6)
    for networks, record in records.items():
        writer.insert_network(IPSet(networks.split()), record)
    writer.to_db_file(str(path))
    return path


def country(code: str) -> dict[str, Any]:
    return {"country": {"iso_code": code, "names": {"en": "A country"}}, "registered_country": {"iso_code": "AU"}}


@pytest.mark.parametrize("address", PUBLIC)
def test_the_default_knows_public_addresses(address: str) -> None:
    place = places().place(address)
    assert place.country in ("US", "AU")
    assert place.as_name in ("GOOGLE", "CLOUDFLARENET")
    assert place.asn is None, "the package has no numbers"


def test_the_default_says_what_it_is() -> None:
    found = places()
    assert found.countries == found.systems
    assert "GeoLite2" in str(found.countries)
    assert "20240618" in str(found.countries)


@pytest.mark.parametrize("address", [*NOT_PUBLIC, *JUNK])
def test_of_what_is_not_public_nothing_is_known_and_nothing_read(address: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_packaged", lambda: pytest.fail("read"))
    assert public(address) is None
    assert places().place(address) == NOWHERE


def test_an_address_mapped_into_ipv6_is_the_address() -> None:
    assert public("::ffff:8.8.8.8") == public("8.8.8.8") == bytes([8] * 4)
    assert places().place("::ffff:8.8.8.8") == places().place("8.8.8.8")


def test_the_ends_of_what_is_public() -> None:
    ends = ("9.255.255.255", "11.0.0.0", "192.0.1.255", "192.0.3.0", "223.255.255.255", "2000::", "2001:200::")
    beyond = ("10.255.255.255", "192.0.2.255", "224.0.0.0", "1fff::", "4000::", "2001:1ff::")
    assert all(public(address) for address in ends)
    assert not any(public(address) for address in beyond)


def test_a_table_holds_what_is_known_once_in_slices(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "SLICE", 2)
    monkeypatch.setattr(module, "KEPT", 2)
    table = places().table(iter([*NOT_PUBLIC, *PUBLIC, *JUNK]))
    assert sorted(table.column("address").to_pylist()) == sorted(PUBLIC)
    assert set(table.column("asn").to_pylist()) == {None}
    assert places().table([]).schema == table.schema


def test_operators_files_win(tmp_path: Path) -> None:
    geo = database(tmp_path / "geo.mmdb", "GeoLite2-Country", {"8.8.8.0/24 2606:4700::/32": country("DE")})
    system = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Networks"}
    asn = database(tmp_path / "asn.mmdb", "GeoLite2-ASN", {"8.8.0.0/16": system})
    found = places(**{GEO: geo, ASN: asn})
    assert found.place("8.8.8.8") == Place("DE", 64500, "Example Networks")
    assert found.place("::ffff:8.8.8.8") == Place("DE", 64500, "Example Networks")
    assert found.place("2606:4700:4700::1111") == Place("DE")
    assert found.place("1.1.1.1") == NOWHERE
    assert str(found.countries).startswith("GeoLite2-Country 20")
    assert str(found.systems).startswith("GeoLite2-ASN 20")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (country("FR"), Place("FR")),
        ({"registered_country": {"iso_code": "AU"}}, NOWHERE),
        (country("EU"), NOWHERE),
        (
            {"country": "NL", "asn": "AS64501", "name": "Example", "domain": "example.com"},
            Place("NL", 64501, "Example"),
        ),
        ({"country": "Netherlands", "country_code": "NL", "asn": "AS64501", "as_name": "B"}, Place("NL", 64501, "B")),
        ({"traits": {"autonomous_system_number": 64502}}, Place(asn=64502)),
        ({"country": {"iso_code": 7}, "autonomous_system_number": 0}, NOWHERE),
        ({"country": ["NL"], "asn": "AS99999999999", "name": 5}, NOWHERE),
        ({"asn": "", "country_code": "nl<b>"}, NOWHERE),
    ],
)
def test_each_publishers_fields(record: dict[str, Any], expected: Place, tmp_path: Path) -> None:
    known = {"country": "ZZ", "asn": "AS64496"}
    file = database(tmp_path / "one.mmdb", "ipinfo lite", {"8.8.8.0/24": record, "9.9.9.0/24": known})
    assert places(**{GEO: file, ASN: file}).place("8.8.8.8") == expected


def test_a_database_of_ipv4_alone(tmp_path: Path) -> None:
    file = database(tmp_path / "four.mmdb", "DBIP-Country-Lite", {"1.1.1.0/24": country("AU")}, version=4)
    found = places(**{GEO: file, ASN: "none"})
    assert found.place("1.1.1.1") == Place("AU")
    assert found.place("2606:4700:4700::1111") == NOWHERE


def test_none_switches_off(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_packaged", lambda: pytest.fail("read"))
    off = places(**{GEO: "none", ASN: "none"})
    assert (off.countries, off.systems, off.has_countries, off.has_systems) == (None, None, False, False)
    assert off.place("8.8.8.8") == NOWHERE


@pytest.mark.parametrize("variable", [GEO, ASN])
@pytest.mark.parametrize("content", [None, b"", b"no database", b"\xab\xcd\xefMaxMind.com" * 9, "folder"])
def test_a_bad_file_is_named_at_once(variable: str, content: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.mmdb"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"{variable}={path}"):
        places(**{variable: path})


def test_the_one_in_the_others_place_is_refused(tmp_path: Path) -> None:
    geo = database(tmp_path / "geo.mmdb", "GeoLite2-Country", {"8.8.8.0/24": country("DE")})
    with pytest.raises(ConfigError, match=f"{ASN}=.*GeoLite2-Country does not hold what {ASN} is for"):
        places(**{ASN: geo})


def test_the_packages_code_is_never_run() -> None:
    code = (
        "import sys; from transforms.settings import Settings; from transforms.warehouse.places import Places; "
        "Places(Settings(lake='lake', environment={})).place('8.8.8.8'); "
        "sys.exit(any(name.startswith('geoip2fast') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(pickle.dumps(Path("names code"))),
        gzip.compress(pickle.dumps((121, {}, 0, []))),
        gzip.compress(pickle.dumps((120, {}, 0, []))),
        gzip.compress(b"\x80"),
        b"no gzip",
        None,
    ],
    ids=["call", "newer", "short", "cut", "plain", "absent"],
)
def test_packaged_data_of_another_kind_is_refused(data: bytes | None, tmp_path: Path, monkeypatch: Any) -> None:
    if data is not None:
        (tmp_path / module.FILE).write_bytes(data)
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(ConfigError, match=r"geoip2fast.*CATCHMENT_GEO_DB"):
        module._packaged.__wrapped__()
