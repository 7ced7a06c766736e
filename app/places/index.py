"""Every name a place goes by, or went by before July 2025, and the communes it stands for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from app.places import names
from app.places.dataset import Commune, FormerDistrict, FormerWard, Known, known

# Short names in daily use that no official list has.
_PROVINCE_SHORT = {"79": ("hcm", "tphcm", "saigon"), "01": ("hn",), "46": ("thuathienhue",)}


class Level(IntEnum):
    COMMUNE = 0
    FORMER = 1  # a ward, xã or thị trấn before July 2025
    DISTRICT = 2
    PROVINCE = 3


class Unit(NamedTuple):
    """One reading of a name.

    ``accents``: see ``app.places.names``, empty when unknown. ``codes``: communes it stands for, the main one first;
    none for a province. ``province``: code of the province today. ``districts``, ``former_provinces``: indexes into
    the embedded list, of what it lies in or is. ``label``: full name of what it was before July 2025.
    """

    level: Level
    kind: str | None
    accents: tuple[str, ...]
    codes: tuple[str, ...]
    province: str
    districts: frozenset[int]
    former_provinces: frozenset[int]
    label: str | None


class Index:
    """``units``: key of a name → its readings. ``communes`` by code. ``shares``: district → commune → wards it got."""

    def __init__(self, communes: Sequence[Commune], instead: dict[str, str]) -> None:
        self.communes = {commune.code: commune for commune in communes}
        self._instead = instead
        self._data: Known = known()
        self._units: dict[str, list[Unit]] = defaultdict(list)
        self.shares: list[Counter[str]] = [Counter() for _ in self._data.districts]
        self.seats: dict[int, str] = {}
        # Shared by the thousands of units that lie in each.
        self._just_district = [frozenset((at,)) for at in range(len(self._data.districts))]
        self._just_province = [frozenset((at,)) for at in range(len(self._data.former_provinces))]
        self.district_keys = [names.name_key(district.name) for district in self._data.districts]
        for ward in self._data.wards:
            for code in self._codes(ward)[:1]:
                self.shares[ward.district][code] += 1
        self._add_wards()
        self._add_communes()
        self._add_districts()
        self._add_provinces()
        self.units: dict[str, tuple[Unit, ...]] = {key: tuple(units) for key, units in self._units.items()}
        del self._units

    def _codes(self, ward: FormerWard) -> tuple[str, ...]:
        codes = (self._instead.get(code, code) for code in ward.became)
        return tuple(dict.fromkeys(code for code in codes if code in self.communes))

    def _add(self, name: str, unit: Unit, aliases: Iterable[tuple[str, str | None]] = ()) -> None:
        self._units[names.name_key(name)].append(unit)
        for key, kind in aliases:
            self._units[key].append(unit._replace(kind=kind, accents=()))

    def _add_communes(self) -> None:
        within: dict[str, set[int]] = defaultdict(set)
        for district, share in enumerate(self.shares):
            for code in share:
                within[code].add(district)
        for commune in self.communes.values():
            districts = frozenset(within[commune.code])
            former = frozenset(self._data.districts[district].province for district in districts)
            unit = Unit(
                Level.COMMUNE, commune.kind, names.name_accents(commune.name), (commune.code,), commune.province_code,
                districts, former, None,
            )  # fmt: skip
            self._add(commune.name, unit)
            first, dash, _ = commune.name.partition(" - ")
            if dash:  # Xuân Hương - Đà Lạt is called Xuân Hương
                self._add(first, unit._replace(accents=names.name_accents(first)))

    def _add_wards(self) -> None:
        for ward in self._data.wards:
            codes = self._codes(ward)
            if not codes:
                continue
            district = self._data.districts[ward.district]
            label = f"{ward.kind.capitalize()} {ward.name}, {full_name(district)}"
            unit = Unit(
                Level.FORMER, ward.kind, names.name_accents(ward.name), codes, self.communes[codes[0]].province_code,
                self._just_district[ward.district], self._just_province[district.province], label,
            )  # fmt: skip
            self._add(ward.name, unit, ward.aliases)
            if ward.kind == names.TOWN:
                self.seats[ward.district] = codes[0]

    def _add_districts(self) -> None:
        for at, district in enumerate(self._data.districts):
            province = self._data.former_provinces[district.province]
            unit = Unit(
                Level.DISTRICT, district.kind, names.name_accents(district.name), tuple(self.shares[at]), province.code,
                self._just_district[at], self._just_province[district.province], full_name(district),
            )  # fmt: skip
            self._add(district.name, unit, district.aliases)

    def _add_provinces(self) -> None:
        for code, full in self._data.provinces.items():
            kind, name = names.split_kind(full)
            unit = Unit(Level.PROVINCE, kind, names.name_accents(name), (), code, frozenset(), frozenset(), None)
            self._add(name, unit, ((short, None) for short in _PROVINCE_SHORT.get(code, ())))
        for at, province in enumerate(self._data.former_provinces):
            kind, name = names.split_kind(province.name)
            unit = Unit(
                Level.PROVINCE,
                kind,
                names.name_accents(name),
                (),
                province.code,
                frozenset(),
                self._just_province[at],
                None,
            )
            self._add(name, unit)


def full_name(district: FormerDistrict) -> str:
    return f"{district.kind.capitalize()} {district.name}"
