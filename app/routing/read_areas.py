"""The ``areas`` and ``tables`` sections of a rules file: places with a name, and who answers in which of them."""

from collections.abc import Collection, Mapping

import shapely
from msgspec import Struct

from app.routing.fields import Fields, commune_code, fields_of, list_of, one_of
from app.routing.files import Files
from app.routing.language import optional
from app.routing.problems import Spot, shorten, spot_of
from app.routing.yamltree import Mapping as Tree
from app.routing.yamltree import Node, Scalar
from app.routing.zones import NotGeometry, Zone, circle, near_lines, read_geometry

ELSE = "else"
_POLYGON, _LINE = "Polygon", "LineString"


class Areas(Struct, frozen=True):
    """By id: the communes of an area and, for one that has a shape on the map, that shape. ``tables``: see Table."""

    communes: Mapping[str, frozenset[str]]
    zones: Mapping[str, Zone]
    names: Mapping[str, str]
    tables: Mapping[str, "Table"]
    spots: Mapping[tuple[str, ...], Spot]

    @property
    def ids(self) -> Collection[str]:
        return self.names.keys()


class Table(Struct, frozen=True):
    """Which agency answers in which commune; ``otherwise`` in every other, None where nobody does."""

    by_commune: Mapping[str, str]
    otherwise: str | None
    agencies: frozenset[str]
    areas: frozenset[str]


def read_areas(top: Fields, files: Files, agencies: Collection[str], communes: Collection[str] | None) -> Areas:
    return _Reader(top, files, communes).read(agencies)


class _Reader:
    def __init__(self, top: Fields, files: Files, known: Collection[str] | None) -> None:
        self._top = top
        self._files = files
        self._problems = top.problems
        self._known = known
        self._communes: dict[str, frozenset[str]] = {}
        self._zones: dict[str, Zone] = {}
        self._names: dict[str, str] = {}
        self._spots: dict[tuple[str, ...], Spot] = {}

    def read(self, agencies: Collection[str]) -> Areas:
        for area_id, key, node in self._top.named("areas"):
            self._spots["area", area_id] = spot_of(key)
            self._names[area_id] = area_id
            if isinstance(node, Tree):
                self._area(area_id, key, fields_of(node, self._problems, (), optional("area")))
            else:
                self._communes[area_id] = self._codes(list_of(node))
                if not list_of(node):
                    self._problems.add(key, "missing_key", name=area_id)
        tables = {name: self._table(name, key, node, agencies) for name, key, node in self._top.named("tables")}
        return Areas(self._communes, self._zones, self._names, tables, self._spots)

    def _codes(self, nodes: tuple[Node, ...]) -> frozenset[str]:
        codes = (commune_code(item, self._problems, self._known) for item in nodes)
        return frozenset(code for code in codes if code)

    def _area(self, area_id: str, key: Scalar, fields: Fields) -> None:
        self._names[area_id] = fields.text("name") or area_id
        self._communes[area_id] = self._codes(fields.items("communes"))
        shapes = {
            "polygon": ("polygon",),
            "line": ("line", "within"),
            "radius": ("lat", "lon", "radius"),
        }
        written = {name for name in optional("area") if fields.get(name) is not None}
        kinds = [kind for kind, keys in shapes.items() if written & set(keys)]
        if len(kinds) > 1 or not (kinds or "communes" in written):
            self._problems.add(key, "area_of_one_kind", name=area_id)
            return
        for kind in kinds:
            missing = [name for name in shapes[kind] if name not in written]
            for name in missing:
                self._problems.add(key, "missing_key", name=name)
            if not missing:
                self._zone(area_id, kind, fields)

    def _zone(self, area_id: str, kind: str, fields: Fields) -> None:
        shape = self._circle(fields) if kind == "radius" else self._from_file(fields, kind)
        if shape is not None:
            self._zones[area_id] = Zone(area_id, self._names[area_id], shape)

    def _circle(self, fields: Fields) -> shapely.Geometry | None:
        lat, lon = fields.number("lat", -90, 90), fields.number("lon", -180, 180)
        radius = fields.distance("radius")
        return circle(lat, lon, radius) if lat is not None and lon is not None and radius else None

    def _from_file(self, fields: Fields, kind: str) -> shapely.Geometry | None:
        within = fields.distance("within") if kind == "line" else None
        text = self._file(fields, kind)
        if text is None or (kind == "line" and within is None):
            return None
        try:
            found = read_geometry(text, _LINE if kind == "line" else _POLYGON)
        except NotGeometry as error:
            fields.complain(kind, str(error), name=shorten(fields.text(kind)))
            return None
        return near_lines(found, within) if within is not None else found

    def _file(self, fields: Fields, key: str) -> str | None:
        node = fields.get(key)
        path = fields.text(key)
        if node is None or not path:
            return None
        folder = node.file.rpartition("/")[0] if node.file != self._files.main else ""
        try:
            names = self._files.named(f"{folder}/{path}" if folder else path)
        except ValueError:
            names = []
            fields.complain(key, "include_outside", name=shorten(path))
        else:
            if len(names) != 1:
                fields.complain(key, "include_nothing", name=shorten(path))
        return self._files.read(names[0], node, self._problems) if len(names) == 1 else None

    # ------------------------------------------------------------ tables

    def _table(self, name: str, key: Scalar, node: Node, agencies: Collection[str]) -> Table:
        """``{area id or commune code: agency id, else: agency id}``; the first area that holds the commune counts."""
        self._spots["table", name] = spot_of(key)
        by_commune: dict[str, str] = {}
        otherwise: str | None = None
        areas: set[str] = set()
        named: set[str] = set()
        if not isinstance(node, Tree):
            self._problems.add(node, "not_a_mapping")
            return Table({}, None, frozenset(), frozenset())
        for place, (written, value) in node.entries.items():
            agency = one_of(value, agencies, self._problems, "unknown_agency")
            if agency is None:
                continue
            named.add(agency)
            if place == ELSE:
                otherwise = agency
            elif place.isdigit():
                code = commune_code(written, self._problems, self._known)
                by_commune.setdefault(code or "", agency)
            elif place in self._zones:
                self._problems.add(written, "table_of_communes", name=place)
            elif place in self._communes:
                areas.add(place)
                for code in self._communes[place]:
                    by_commune.setdefault(code, agency)
            else:
                self._problems.unknown(written, "unknown_area", place, (*self._communes, ELSE))
        return Table(by_commune, otherwise, frozenset(named), frozenset(areas))
