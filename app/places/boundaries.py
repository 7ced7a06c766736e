"""From the features of a boundary file to communes we can use: each identified, repaired, or left out with a reason."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely
from msgspec import Struct

from app.errors import Invalid
from app.places import geojson, names
from app.places.coordinates import check_point
from app.places.dataset import Commune, known
from app.places.geo import LAT_M, LON_M
from app.places.geojson import Feature
from app.places.report import ImportReport

Progress = Callable[[int, int], None]

# Beyond this the boundaries alone would fill the memory an API process may use; 11 m is finer than a phone's GPS.
_VERTICES_MOST = 1_500_000
_SIMPLIFY_DEGREES = 0.0001
_OVERLAP_LEAST_KM2 = 1e-6


class Bounded(Struct, frozen=True):
    """A commune with its boundary, a valid polygon or multipolygon (lon, lat)."""

    commune: Commune
    boundary: shapely.Geometry


class Read(Struct, frozen=True):
    """A file turned into communes. ``sha256``: of the file's bytes."""

    communes: tuple[Bounded, ...]
    sha256: bytes
    report: ImportReport


def read(path: Path, progress: Progress | None = None) -> Read:
    """Read, check and repair a boundary file. Takes seconds and holds the CPU; ``progress`` gets (done, of).

    Raises Invalid when the file as a whole cannot be used (see ``geojson.read``), or none of its features can, or it
    holds the units from before July 2025.
    """
    features, sha256 = geojson.read(path)
    work = _Import(features, progress)
    communes = work.run(path)
    return Read(communes, sha256, work.report(path, communes))


class _Import:
    """One file on its way. Notes are kept by what was met; see ``ImportReport``."""

    def __init__(self, features: Sequence[Feature], progress: Progress | None) -> None:
        self._features, self._tell = features, progress
        self._known = {commune.code: commune for commune in known().communes}
        self._by_name: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        for commune in known().communes:
            accents = names.name_accents(commune.name)
            self._by_name[commune.province_code, accents].add(commune.code)
            self._by_name["", accents].add(commune.code)
        self._province_codes = _province_names()
        self._left: dict[str, list[str]] = defaultdict(list)
        self._fixed: dict[str, list[str]] = defaultdict(list)
        self._noticed: dict[str, list[str]] = defaultdict(list)
        self._vertices = 0

    def run(self, path: Path) -> tuple[Bounded, ...]:
        taken: dict[str, Bounded] = {}
        for done, feature in enumerate(self._features):
            if bounded := self._one(feature, done):
                self._keep(taken, bounded)
            if done % 50 == 0:
                self._progress(done)
        if not taken:
            raise Invalid("places.file_nothing", file=path.name, features=len(self._features))
        communes = tuple(taken[code] for code in sorted(taken))
        self._check_age(communes, path)
        communes = self._lighten(communes)
        self._notice_overlaps(communes)
        self._progress(2 * len(self._features))
        return communes

    def _progress(self, done: int) -> None:
        if self._tell:
            self._tell(done, 2 * len(self._features))  # once for reading, once for overlaps

    def report(self, path: Path, communes: Sequence[Bounded]) -> ImportReport:
        inside = replaced(communes)
        covered = {bounded.commune.province_code for bounded in communes}
        codes = {bounded.commune.code for bounded in communes}
        missing = [commune for code, commune in self._known.items() if code not in codes]
        full = {bounded.commune.code: bounded.commune.full_name for bounded in communes}
        for commune in missing:
            if commune.code in inside:
                heir = inside[commune.code]
                self._noticed["replaced"].append(f"{_label(commune)} → {heir} {full[heir]}")
            elif commune.province_code in covered:
                self._noticed["absent"].append(_label(commune))
        return ImportReport(
            source=path.name,
            features=len(self._features),
            taken=len(communes),
            by_centre=sum(commune.code not in inside for commune in missing),
            vertices=self._vertices,
            provinces=tuple(known().provinces[code] for code in sorted(covered)),
            left_out=_frozen(self._left),
            fixed=_frozen(self._fixed),
            noticed=_frozen(self._noticed),
        )

    # ------------------------------------------------------------ one feature

    def _one(self, feature: Feature, at: int) -> Bounded | None:
        said = feature.said
        label = " ".join(filter(None, (said["code"], said["full_name"] or said["name"]))) or f"#{at + 1}"
        shape = self._shape(feature, label)
        if shape is None:
            return None
        centre = shapely.centroid(shape)
        if not shapely.contains(shape, centre):
            centre = shapely.point_on_surface(shape)
        lat, lon = round(shapely.get_y(centre), 5), round(shapely.get_x(centre), 5)
        try:
            check_point(lat, lon)
        except Invalid:
            self._left["abroad"].append(label)
            return None
        commune = self._identify(said, label, lat, lon)
        return Bounded(commune, shape) if commune else None

    def _shape(self, feature: Feature, label: str) -> shapely.Geometry | None:
        shape = feature.shape
        if shape is None or shapely.is_empty(shape):
            self._left["no_shape" if feature.null or shape is not None else "bad_shape"].append(label)
            return None
        whole = _areas(shape)
        if whole is None:
            self._left["not_area"].append(label)
        elif whole is not shape:
            self._fixed["shape"].append(label)
        return whole

    def _identify(self, said: dict[str, str], label: str, lat: float, lon: float) -> Commune | None:
        full_kind, full_name = names.split_kind(said["full_name"] or said["name"])
        kind = full_kind or names.split_kind(f"{said['kind']} x")[0]
        name = full_name if said["full_name"] or full_kind else said["name"]
        province = self._province(said)
        code = self._code(said["code"], name, province, label)
        if code is None:
            return None
        listed = self._known.get(code)
        province = province or (listed.province_code if listed else "")
        kind = kind or (listed.kind if listed else None)
        name = name or (listed.name if listed else "")
        if not province:
            self._left["no_province"].append(f"{label} ({said['province_code'] or '–'})")
            return None
        if not name or kind not in names.COMMUNE_KINDS:
            self._left["no_kind"].append(label)
            return None
        if said["province_code"].zfill(2) != province:
            self._fixed["province"].append(f"{label}: {said['province_code'] or '–'} → {province}")
        if listed:
            name = self._spelling(listed, f"{kind.capitalize()} {name}", name, kind)
        full = f"{kind.capitalize()} {name}"
        return Commune(code, name, full, kind, province, known().provinces[province], lat, lon)

    def _province(self, said: dict[str, str]) -> str:
        code = said["province_code"].zfill(2)
        if code in known().provinces:
            return code
        _, name = names.split_kind(said["province_name"])
        return self._province_codes.get(names.name_key(name), "")

    def _code(self, said: str, name: str, province: str, label: str) -> str | None:
        code = said.zfill(5) if said.isascii() and said.isdigit() and len(said) <= 5 else None
        if code in self._known:
            return code
        same = self._by_name.get((province, names.name_accents(name)), set())
        if code is not None:
            other = f" ({', '.join(sorted(same))})" if same else ""
            self._noticed["code"].append(f"{label}{other}")
            return code
        if len(same) == 1:
            (found,) = same
            self._fixed["code"].append(f"{label} → {found}")
            return found
        self._left["no_code"].append(label)
        return None

    def _spelling(self, listed: Commune, full_name: str, name: str, kind: str) -> str:
        """The name to keep: ours where only the tone mark sits elsewhere, else the file's, which may be newer."""
        if name != listed.name and names.same_but_for_tones(name, listed.name):
            self._fixed["spelling"].append(f"{name} → {listed.name}")
            name = listed.name
        if (kind, name) != (listed.kind, listed.name):
            self._noticed["name"].append(f"{listed.code} {full_name} ({listed.full_name})")
        return name

    def _keep(self, taken: dict[str, Bounded], bounded: Bounded) -> None:
        commune = bounded.commune
        first = taken.setdefault(commune.code, bounded)
        if first is bounded:
            return
        if names.name_key(first.commune.name) == names.name_key(commune.name):
            whole = _areas(shapely.union(first.boundary, bounded.boundary))
            if whole is not None:
                taken[commune.code] = msgspec.structs.replace(first, boundary=whole)
            self._fixed["parts"].append(_label(commune))
        else:
            self._left["code_twice"].append(f"{_label(commune)} ({first.commune.full_name})")

    # ------------------------------------------------------------ the whole

    def _check_age(self, communes: Sequence[Bounded], path: Path) -> None:
        """The codes of many old wards live on with another meaning, so an old file would be believed silently."""
        listed = [(bounded.commune, self._known.get(bounded.commune.code)) for bounded in communes]
        same = sum(known is not None and known.name == commune.name for commune, known in listed)
        if same + len(self._fixed["code"]) < len(communes) / 2 or len(self._left["no_kind"]) > len(communes) / 4:
            raise Invalid("places.file_old", file=path.name, same=same, communes=len(communes))

    def _lighten(self, communes: tuple[Bounded, ...]) -> tuple[Bounded, ...]:
        shapes = np.array([bounded.boundary for bounded in communes])
        self._vertices = int(shapely.get_num_coordinates(shapes).sum())
        if self._vertices <= _VERTICES_MOST:
            return communes
        self._fixed["vertices"].append(f"{self._vertices:,}")
        simple = [_areas(shape) for shape in shapely.simplify(shapes, _SIMPLIFY_DEGREES)]
        self._vertices = int(shapely.get_num_coordinates(simple).sum())
        return tuple(
            Bounded(bounded.commune, shape or bounded.boundary) for bounded, shape in zip(communes, simple, strict=True)
        )

    def _notice_overlaps(self, communes: Sequence[Bounded]) -> None:
        shapes = np.array([bounded.boundary for bounded in communes])
        tree = shapely.STRtree(shapes)
        found: list[tuple[float, int, int]] = []
        for start in range(0, len(shapes), 50):
            one, other = tree.query(shapes[start : start + 50], predicate="intersects")
            one, other = one[one + start < other] + start, other[one + start < other]
            areas = shapely.area(shapely.intersection(shapes[one], shapes[other]))
            found += zip(areas.tolist(), one.tolist(), other.tolist(), strict=True)
            self._progress(len(self._features) + start)
        for degrees, one, other in sorted(found, reverse=True):
            lat = np.radians(communes[one].commune.lat)
            km2 = degrees * LAT_M * LON_M * float(np.cos(lat)) / 1e6
            if km2 < _OVERLAP_LEAST_KM2:
                break
            pair = f"{communes[one].commune.full_name} / {communes[other].commune.full_name}"
            self._noticed["overlaps"].append(f"{pair} ({km2:.2f} km²)")


def replaced(communes: Sequence[Bounded]) -> dict[str, str]:
    """Code of the embedded list that is not among ``communes`` → code of the one its centre lies in.

    Merged or renumbered communes; what is left over keeps going by its centre.
    """
    codes = {bounded.commune.code for bounded in communes}
    missing = [commune for commune in known().communes if commune.code not in codes]
    tree = shapely.STRtree([bounded.boundary for bounded in communes])
    points = shapely.points(np.array([(commune.lon, commune.lat) for commune in missing]).reshape(-1, 2))
    at, inside = tree.query(points, predicate="intersects")
    pairs = sorted(zip(at.tolist(), inside.tolist(), strict=True), reverse=True)
    return {missing[point].code: communes[shape].commune.code for point, shape in pairs}


def _areas(shape: shapely.Geometry) -> shapely.Geometry | None:
    """The shape itself when it is a valid area; else its valid areas; None when it has none."""
    if isinstance(shape, shapely.Polygon | shapely.MultiPolygon) and shape.is_valid:
        return shape
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shape)))
    areas = [part for part in parts if isinstance(part, shapely.Polygon) and part.area > 0]
    return shapely.union_all(areas) if areas else None


def _province_names() -> dict[str, str]:
    """Key of a province's name, new or former → its code today."""
    former = {names.name_key(names.split_kind(old.name)[1]): old.code for old in known().former_provinces}
    return former | {names.name_key(names.split_kind(name)[1]): code for code, name in known().provinces.items()}


def _label(commune: Commune) -> str:
    return f"{commune.code} {commune.full_name}"


def _frozen(notes: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {met: tuple(units) for met, units in notes.items() if units}
