"""A typed address → the communes it may mean.

Every name found in the text is read in every way the index knows; each reading is scored by how well its kind, its
accents, the district and the province around it, and its position fit. The rest of the address (house, street, hamlet)
is noise that must not mislead: "đường Phan Ngọc Hiển, phường 5" is not the xã Phan Ngọc Hiển.
"""

from collections.abc import Iterator
from typing import NamedTuple

from app.places import names
from app.places.geo import distance_m
from app.places.index import Index, Level, Unit
from app.places.model import Candidate

_WORDS_MOST = 120
_NAME_WORDS_MOST = 7
_SHOWN = 3

# Points for a reading. Only their order of size matters: a kind, a district or a province that fits outweighs a longer
# name; a street or a hamlet outweighs everything. Tuned on tests/places/addresses.toml.
_OWN_NAME, _FORMER_NAME, _DISTRICT_NAME = 10.0, 9.0, 4.0
_KIND_FITS, _KIND_DIFFERS = 4.0, -3.0
_ACCENTS_FIT, _ACCENTS_DIFFER, _ACCENTS_MISSING = 2.0, -3.0, -1.0
_DISTRICT_FITS, _OWN_DISTRICT_FITS, _DISTRICT_DIFFERS = 7.0, 4.0, -3.0
_PROVINCE_FITS, _PROVINCE_DIFFERS, _PROVINCE_MAY_DIFFER = 5.0, -7.0, -3.0
_HOME, _NEAR, _LATER = 3.0, 3.0, 0.1
_STREET, _HAMLET, _LANDMARK, _INSIDE_LONGER = -9.0, -7.0, -2.0, -5.0
_MINOR_HEIR = -2.0
_CLEAR = 3.0  # the lead a reading needs over any other commune to be certain
_TOO_WEAK = 6.0
_TOO_FAR_BEHIND = 13.0
_BEST = 30.0

_STREET_WORDS = frozenset(("duong", "d", "pho", "hem", "ngo", "ngach", "kiet", "lo", "ql", "hl", "tl", "dt"))
_HAMLET_WORDS = frozenset(("ap", "khom", "thon", "xom", "ban", "buon", "lang", "khu", "to", "kp", "khoi"))
_LANDMARK_WORDS = frozenset((
    "bien", "cang", "cau", "cho", "chua", "cong", "dien", "hoc", "kcn", "kenh", "nha", "rach", "song", "thcs", "thpt",
    "truong", "ubnd", "vien", "xe",
))  # fmt: skip
_COMMUNE_LIKE = names.COMMUNE_KINDS | {names.TOWN}
_DISTRICT_LIKE = frozenset((names.QUARTER, names.DISTRICT, names.DISTRICT_TOWN, names.CITY))
_PROVINCE_LIKE = frozenset((names.PROVINCE, names.CITY))


class Mention(NamedTuple):
    """A name found in the text: words ``start``..``end``, the kind before it included from ``start`` on."""

    start: int
    name_start: int
    end: int
    kind: str | None
    alone: bool  # between two commas
    penalty: float
    units: tuple[Unit, ...]

    def overlaps(self, other: "Mention") -> bool:
        return self.start < other.end and other.start < self.end


class Reading(NamedTuple):
    code: str
    score: float
    certain: bool
    label: str | None


def search(
    index: Index, text: str, *, near: tuple[float, float] | None, only: str | None, home: str | None
) -> tuple[Candidate, ...]:
    """See ``Gazetteer.search``."""
    address = _Address(index, text, only, home)
    best: dict[str, Reading] = {}
    for reading in address.readings():
        if near:
            reading = reading._replace(score=reading.score + _nearness(index, reading.code, near))
        if reading.score >= _TOO_WEAK and (reading.code not in best or best[reading.code].score < reading.score):
            best[reading.code] = reading
    ranked = sorted(best.values(), key=lambda reading: (-reading.score, reading.code))
    if not ranked:
        return ()
    top = ranked[0].score
    certain = ranked[0].certain and not any(top - other.score < _CLEAR for other in ranked[1:])
    shown = ranked[:1] if certain else [r for r in ranked[:_SHOWN] if top - r.score < _TOO_FAR_BEHIND]
    return tuple(_candidate(index, reading, near, certain) for reading in shown)


def _nearness(index: Index, code: str, near: tuple[float, float]) -> float:
    commune = index.communes[code]
    return _NEAR / (1 + distance_m(*near, commune.lat, commune.lon) / 10_000)


def _candidate(index: Index, reading: Reading, near: tuple[float, float] | None, certain: bool) -> Candidate:
    commune = index.communes[reading.code]
    metres = round(distance_m(*near, commune.lat, commune.lon), 1) if near else None
    score = 1.0 if certain else round(min(reading.score / _BEST, 0.99), 3)
    return Candidate(commune, metres, score, not certain, reading.label)


class _Address:
    """The text of one search, its names, and what each reading of them is worth."""

    def __init__(self, index: Index, text: str, only: str | None, home: str | None) -> None:
        self._index, self._only, self._home = index, only, home
        self._words = names.words(text)[:_WORDS_MOST]
        self._accented = any(not word.accents.isascii() for word in self._words)
        found = list(self._find())
        self._mentions = [m._replace(penalty=m.penalty + _inside_longer(m, found)) for m in found]
        self._districts = [m for m in self._mentions if _is_parent(m, Level.DISTRICT, Level.PROVINCE)]
        self._provinces = [m for m in self._mentions if _is_parent(m, Level.PROVINCE, Level.DISTRICT)]

    def readings(self) -> Iterator[Reading]:
        for mention in self._mentions:
            for unit in mention.units:
                if unit.level == Level.PROVINCE or (self._only and unit.province != self._only):
                    continue
                if unit.level == Level.DISTRICT:
                    yield from self._of_district(mention, unit)
                elif mention.kind is None or mention.kind in _COMMUNE_LIKE or mention.kind == unit.kind:
                    yield from self._of_commune(mention, unit)

    # ------------------------------------------------------------ names in the text

    def _find(self) -> Iterator[Mention]:
        spans = list(self._spans())
        tails = {end: min(start for start, other, _ in spans if other == end) for _, end, _ in spans}
        for start, end, units in spans:
            yield from self._mention(start, end, units, tails.get(start, start))
        for at in range(len(self._words)):
            yield from self._glued(at)

    def _spans(self) -> Iterator[tuple[int, int, tuple[Unit, ...]]]:
        """Every run of words that is a name."""
        for start in range(len(self._words)):
            keys: list[str] = []
            for end in range(start + 1, min(start + _NAME_WORDS_MOST, len(self._words)) + 1):
                word = self._words[end - 1]
                if keys and word.breaks:
                    break
                keys.append(word.key)
                if units := self._index.units.get(names.joined(keys)):
                    yield start, end, units

    def _mention(self, start: int, end: int, units: tuple[Unit, ...], name_before: int) -> Iterator[Mention]:
        """``name_before``: where the longest name that ends right before this one starts."""
        breaks_after = end == len(self._words) or self._words[end].breaks
        alone = self._words[start].breaks and breaks_after
        before = names.kind_before(self._words, start)
        if before:
            yield Mention(before[1], start, end, before[0], alone, 0.0, units)
        # In "Thổ Quan Đống Đa" and "Chương Dương Hoàn Kiếm" the word in between belongs to the first name.
        if self._words[start].key.isdigit() or (before and before[1] <= name_before):
            return
        penalty = self._penalty(start) if start - name_before < 2 else 0.0
        if end - start > 1 or alone or any(len(unit.accents) > 1 for unit in units):
            yield Mention(start, start, end, None, alone, penalty, units)
        elif breaks_after and (parents := tuple(unit for unit in units if unit.level >= Level.DISTRICT)):
            # One bare syllable means too much to be a commune, but at the end it may be Vinh, Huế or Pleiku.
            yield Mention(start, start, end, None, alone, penalty, parents)

    def _glued(self, at: int) -> Iterator[Mention]:
        """ "tpcamau", "txgiarai": a kind and a name in one word."""
        key = self._words[at].key
        for short, least in (("tp", 3), ("tx", 3), ("tt", 3), ("p", 6), ("x", 6), ("h", 6), ("q", 6)):
            rest = names.joined([key.removeprefix(short)])
            units = self._index.units.get(rest)
            if units and key.startswith(short) and len(rest) >= least and key not in self._index.units:
                yield Mention(at, at, at + 1, names.KIND_WORDS[(short,)], False, 0.0, units)

    def _penalty(self, start: int) -> float:
        """What the word before a name without a kind says about it: a street, a house number, a hamlet, a landmark."""
        if start == 0 or self._words[start].breaks:
            return 0.0
        before = self._words[start - 1]
        if before.key in _STREET_WORDS:
            return _STREET
        if before.key in _HAMLET_WORDS:
            return _HAMLET
        if before.key in _LANDMARK_WORDS:
            return _LANDMARK
        if any(c.isdigit() for c in before.key):
            two_before = self._words[start - 2].key if start > 1 and not before.breaks else ""
            return 0.0 if two_before in _HAMLET_WORDS or (two_before,) in names.KIND_WORDS else _STREET
        return 0.0

    # ------------------------------------------------------------ what a reading is worth

    def _of_commune(self, mention: Mention, unit: Unit) -> Iterator[Reading]:
        score = _OWN_NAME if unit.level == Level.COMMUNE else _FORMER_NAME
        score += mention.penalty + min(mention.end - mention.name_start, 4) - 1 + _LATER * mention.start
        fits_kind = mention.kind is not None and mention.kind == unit.kind
        if mention.kind and unit.kind:
            score += _KIND_FITS if fits_kind else _KIND_DIFFERS
        accents = self._fit_of_accents(mention, unit)
        district, used = self._fit_of_district(mention, unit)
        province = self._fit_of_province([mention, *used], unit)
        at_home = unit.province == self._home
        score += accents + district + province + (_HOME if at_home and province <= 0 else 0)
        inside = district > 0 or province > 0
        if not (mention.kind or inside or mention.alone or (at_home and mention.penalty > _HAMLET)):
            return
        certain = (
            mention.penalty == 0 and accents >= 0 and district >= 0 and province >= 0 and len(unit.codes) == 1
            and (fits_kind or (inside and not self._names_a_parent(mention)))
            and (inside or self._is_unique(mention, unit))
        )  # fmt: skip
        for at, code in enumerate(unit.codes):
            yield Reading(code, score + (_MINOR_HEIR if at else 0), certain, unit.label)

    def _of_district(self, mention: Mention, unit: Unit) -> Iterator[Reading]:
        """A district alone: the communes it became, the one with its seat or its name first."""
        if mention.kind is not None and mention.kind not in _DISTRICT_LIKE:
            return
        is_province = any(other.level == Level.PROVINCE for other in mention.units)
        province = self._fit_of_province([mention], unit)
        at_home = unit.province == self._home
        if mention.kind is None and (is_province or not (province > 0 or mention.alone or at_home)):
            return
        score = _DISTRICT_NAME + mention.penalty + self._fit_of_accents(mention, unit) + province
        score += (_KIND_FITS if mention.kind == unit.kind else 0) + (_HOME if at_home and province <= 0 else 0)
        (district,) = unit.districts
        share = self._index.shares[district]
        name = self._index.district_keys[district]
        for code, wards in share.items():
            own = 2.0 if names.name_key(self._index.communes[code].name) == name else 0.0
            seat = 1.0 if self._index.seats.get(district) == code else 0.0
            yield Reading(code, score + own + seat + wards / share.total(), False, unit.label)

    def _fit_of_accents(self, mention: Mention, unit: Unit) -> float:
        typed = self._words[mention.name_start : mention.end]
        if not self._accented or len(unit.accents) != len(typed):
            return 0.0
        if all(word.accents == accents for word, accents in zip(typed, unit.accents, strict=True)):
            return _ACCENTS_FIT
        return _ACCENTS_MISSING if all(word.accents == word.key for word in typed) else _ACCENTS_DIFFER

    def _fit_of_district(self, mention: Mention, unit: Unit) -> tuple[float, list[Mention]]:
        """The fit, and the mention that made it."""
        differs = 0.0
        for other in self._districts:
            if other.overlaps(mention):
                continue
            if any(u.level == Level.DISTRICT and u.districts & unit.districts for u in other.units):
                return (_DISTRICT_FITS if unit.level == Level.FORMER else _OWN_DISTRICT_FITS), [other]
            if other.kind and other not in self._provinces:
                differs = _DISTRICT_DIFFERS
        return differs, []

    def _fit_of_province(self, taken: list[Mention], unit: Unit) -> float:
        differs = 0.0
        for other in self._provinces:
            if any(other.overlaps(mention) for mention in taken):
                continue
            provinces = [u for u in other.units if u.level == Level.PROVINCE]
            if any(_lies_in(unit, province) for province in provinces):
                return _PROVINCE_FITS
            sure = other.kind is not None or len(provinces) == len(other.units)
            differs = min(differs, _PROVINCE_DIFFERS if sure else _PROVINCE_MAY_DIFFER)
        return differs

    def _names_a_parent(self, mention: Mention) -> bool:
        return any(unit.level >= Level.DISTRICT for unit in mention.units)

    def _is_unique(self, mention: Mention, unit: Unit) -> bool:
        """Whether no other commune of the country, or of the home province, goes by this kind and name."""
        same = [u for u in mention.units if u.level <= Level.FORMER and u.kind in (unit.kind, None)]
        if unit.province == self._home:
            same = [u for u in same if u.province == self._home]
        return {code for u in same for code in u.codes} == set(unit.codes)


def _is_parent(mention: Mention, level: Level, rival: Level) -> bool:
    """Whether the mention can name a unit of ``level``: "tp Cà Mau" is the former city, not the province."""
    kind = mention.kind
    if mention.penalty <= _HAMLET or not any(unit.level == level for unit in mention.units):
        return False
    if kind is None or any(unit.level == level and unit.kind == kind for unit in mention.units):
        return True
    if any(unit.level == rival and unit.kind == kind for unit in mention.units):
        return False
    return kind in (_DISTRICT_LIKE if level == Level.DISTRICT else _PROVINCE_LIKE)


def _lies_in(unit: Unit, province: Unit) -> bool:
    if province.former_provinces:
        return bool(province.former_provinces & unit.former_provinces)
    return province.province == unit.province


def _inside_longer(mention: Mention, found: list[Mention]) -> float:
    """ "Ngọc Hiển" in "đường Phan Ngọc Hiển" is a part of another name, and as little a place as that one."""
    length = mention.end - mention.name_start
    around = [
        _INSIDE_LONGER + other.penalty
        for other in found
        if other.name_start <= mention.name_start and mention.end <= other.end and other.end - other.name_start > length
    ]
    return min(around, default=0.0)
