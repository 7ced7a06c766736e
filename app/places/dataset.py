"""What PyPI ``vietnamadminunits`` (MIT) knows of communes, read straight from its data files.

The package itself is not imported: that costs 50 MB and its converter asks a geocoder on the internet. Its data are the
34 provinces and 3,321 communes since 1 July 2025, the 63 provinces, 696 districts and 10,040 wards before, and which
commune each of those wards became part of.
"""

import importlib.util
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from msgspec import Struct

from app.i18n.text import fold
from app.places import names
from app.places.geo import distance_m

# Seven centres in the data lie 65–104 km from the wards they are the centre of (same name, other province), and the
# wards of island districts are placed on the mainland. No true distance in the data exceeds this.
_FAR_M = 60_000

_ALIAS_KINDS: dict[str, str] = {
    "phuong": names.WARD, "xa": names.RURAL, "thitran": names.TOWN, "quan": names.QUARTER, "huien": names.DISTRICT,
    "thixa": names.DISTRICT_TOWN, "thanhpho": names.CITY, "tt": names.TOWN, "tx": names.DISTRICT_TOWN,
}  # fmt: skip
_ALIAS_NUMBER = re.compile(r"(?:ward|district|phuong|quan|[pfq])0*(\d{1,2})")


class Commune(Struct, frozen=True):
    """A xã, phường or đặc khu. ``code`` has 5 digits, ``province_code`` 2; ``lat``, ``lon`` are its centre."""

    code: str
    name: str
    full_name: str
    kind: str
    province_code: str
    province_name: str
    lat: float
    lon: float


class FormerProvince(Struct, frozen=True):
    """One of the 63 provinces; ``code`` is that of the province it is part of now."""

    name: str
    code: str


class FormerDistrict(Struct, frozen=True):
    """``province`` is an index into ``Known.former_provinces``; ``aliases`` are keys with the kind, when told."""

    name: str
    kind: str
    province: int
    aliases: tuple[tuple[str, str | None], ...]


class FormerWard(Struct, frozen=True):
    """``district`` is an index into ``Known.districts``; ``became`` are commune codes, the main heir first."""

    name: str
    kind: str
    district: int
    became: tuple[str, ...]
    lat: float
    lon: float
    aliases: tuple[tuple[str, str | None], ...]


class Known(Struct, frozen=True):
    communes: tuple[Commune, ...]
    provinces: dict[str, str]
    former_provinces: tuple[FormerProvince, ...]
    districts: tuple[FormerDistrict, ...]
    wards: tuple[FormerWard, ...]


@cache
def known() -> Known:
    """Everything, read once (about 0.2 s). Raises FileNotFoundError when the package is not installed."""
    folder = _folder()
    db = sqlite3.connect(f"{(folder / 'dataset.db').as_uri()}?mode=ro&immutable=1", uri=True)
    db.row_factory = sqlite3.Row
    try:
        communes = db.execute(
            "SELECT wardCode, wardShort, ward, provinceCode, province, wardLat, wardLon, provinceKey, wardKey"
            " FROM admin_units ORDER BY wardCode"
        ).fetchall()
        wards = db.execute(
            "SELECT province, provinceKey, district, districtKey, districtAlias, ward, wardKey, wardAlias,"
            " coalesce(wardLat, districtLat) lat, coalesce(wardLon, districtLon) lon"
            " FROM admin_units_legacy ORDER BY provinceCode, districtCode, wardCode"
        ).fetchall()
    finally:
        db.close()
    converter = json.loads((folder / "converter_2025.json").read_bytes())
    return _assemble(communes, wards, converter)


def _folder() -> Path:
    spec = importlib.util.find_spec("vietnamadminunits")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package vietnamadminunits is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def _assemble(communes: list[sqlite3.Row], wards: list[sqlite3.Row], converter: dict[str, Any]) -> Known:
    codes = {(row["provinceKey"], row["wardKey"]): row["wardCode"] for row in communes}
    heirs = _heirs(converter, codes)
    provinces = {row["provinceCode"]: row["province"] for row in communes}
    by_key = {row["provinceKey"]: row["provinceCode"] for row in communes}
    now = {old: by_key[new] for new, olds in converter["DICT_PROVINCE"].items() for old in olds}

    former_provinces = {row["provinceKey"]: FormerProvince(row["province"], now[row["provinceKey"]]) for row in wards}
    province_at = {key: at for at, key in enumerate(former_provinces)}
    districts: dict[tuple[str, str], FormerDistrict] = {}
    for row in wards:
        key = (row["provinceKey"], row["districtKey"])
        if key not in districts:
            kind, name = names.split_kind(row["district"])
            aliases = _aliases(row["districtAlias"], name)
            districts[key] = FormerDistrict(name, kind or names.DISTRICT, province_at[key[0]], aliases)
    district_at = {key: at for at, key in enumerate(districts)}
    return Known(
        _with_centres(communes, wards, heirs),
        provinces,
        tuple(former_provinces.values()),
        tuple(districts.values()),
        tuple(_former(row, district_at[row["provinceKey"], row["districtKey"]], heirs) for row in wards),
    )


def _old_key(row: sqlite3.Row) -> str:
    return f"{row['provinceKey']}_{row['districtKey']}_{row['wardKey'] or ''}"


def _heirs(converter: dict[str, Any], codes: dict[tuple[str, str], str]) -> dict[str, tuple[str, ...]]:
    """Old ward key → codes of the communes it went to, the main one first."""
    heirs: dict[str, tuple[str, ...]] = {}
    for province, communes in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for commune, olds in communes.items():
            heirs.update((old, (codes[province, commune],)) for old in olds)
    for province, divided in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, parts in divided.items():
            parts.sort(key=lambda part: not part["isDefaultNewWard"])
            heirs[old] = tuple(codes[province, part["newWardKey"]] for part in parts)
    return heirs


def _former(row: sqlite3.Row, district: int, heirs: dict[str, tuple[str, ...]]) -> FormerWard:
    # Island districts had no wards; the district itself stands for one.
    kind, name = names.split_kind(row["ward"] or row["district"])
    return FormerWard(
        name, kind or names.RURAL, district, heirs[_old_key(row)], row["lat"], row["lon"],
        _aliases(row["wardAlias"], name),
    )  # fmt: skip


def _with_centres(
    communes: list[sqlite3.Row], wards: list[sqlite3.Row], heirs: dict[str, tuple[str, ...]]
) -> tuple[Commune, ...]:
    parts: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in wards:
        parts[heirs[_old_key(row)][0]].append((row["lat"], row["lon"]))
    made = []
    for row in communes:
        kind, name = names.split_kind(row["ward"])
        centre = (row["wardLat"], row["wardLon"])
        points = parts[row["wardCode"]]
        middle = (median(lat for lat, _ in points), median(lon for _, lon in points)) if points else centre
        if kind != names.ZONE and len(points) > 1 and distance_m(*centre, *middle) > _FAR_M:
            centre = middle
        made.append(
            Commune(
                row["wardCode"],
                name,
                f"{(kind or names.RURAL).capitalize()} {name}",
                kind or names.RURAL,
                row["provinceCode"],
                row["province"],
                *centre,
            )
        )
    return tuple(made)


def _aliases(raw: str | None, own: str) -> tuple[tuple[str, str | None], ...]:
    """Older names, joined and unaccented in the data: ["xatrungmau", "trungmau"], ["phuong4", "p4"]."""
    if not raw:
        return ()
    listed = dict.fromkeys(names.joined([fold(alias)]) for alias in json.loads(raw))
    named = {*listed, names.name_key(own)}
    found: dict[tuple[str, str | None], None] = {}
    for alias in listed:
        if number := _ALIAS_NUMBER.fullmatch(alias):
            found[number[1], names.QUARTER if alias[0] in "qd" else names.WARD] = None
            continue
        splits = (
            (alias.removeprefix(prefix), kind) for prefix, kind in _ALIAS_KINDS.items() if alias.startswith(prefix)
        )
        if split := next((split for split in splits if split[0] in named), None):
            found[split] = None
    covered = {key for key, _ in found} | {alias for alias in listed if _ALIAS_NUMBER.fullmatch(alias)}
    kindless = (alias for alias in listed if alias not in covered and not alias.startswith(tuple(_ALIAS_KINDS)))
    return (*found, *((alias, None) for alias in kindless))


def ward_sites(data: Known) -> Iterator[tuple[str, float, float]]:
    """Code, lat, lon: the centres of former wards, which tell where the commune is that they became part of.

    Measured on points inside real communes: the nearest of these and of the communes' own centres names the right
    commune 81 times in 100, the nearest own centre 76 times; weighting by area gains nothing.
    """
    centre = {commune.code: (commune.lat, commune.lon) for commune in data.communes}
    for ward in data.wards:
        if distance_m(*centre[ward.became[0]], ward.lat, ward.lon) <= _FAR_M:
            yield ward.became[0], ward.lat, ward.lon
