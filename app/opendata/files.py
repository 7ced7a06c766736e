"""A month's rows as files. The same rows give the same bytes."""

import csv
import io
import multiprocessing
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
from msgspec import Struct

from app.i18n import t
from app.opendata.anonymity import centre_of
from app.opendata.model import Format, Row
from app.places.gazetteer import Gazetteer
from app.routing.ruleset import RuleSet
from app.stats.names import Names

COLUMNS = {
    "sent": "VARCHAR", "sent_precision": "VARCHAR", "place_precision": "VARCHAR", "province_code": "VARCHAR",
    "commune_code": "VARCHAR", "commune_name": "VARCHAR", "cell": "VARCHAR", "lat": "DOUBLE", "lon": "DOUBLE",
    "category_group": "VARCHAR", "category_group_name": "VARCHAR", "category": "VARCHAR", "category_name": "VARCHAR",
    "agency": "VARCHAR", "agency_name": "VARCHAR", "channel": "VARCHAR", "status": "VARCHAR", "on_time": "VARCHAR",
    "rating": "VARCHAR", "text": "VARCHAR",
}  # fmt: skip
"""Columns and their types. What they mean is ``opendata.column_<name>`` in the catalogues."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Written(Struct, frozen=True):
    """What rows are written with: the names of what stands in them, and what every file says of itself."""

    names: Names
    about: Mapping[str, str]

    @property
    def rules(self) -> RuleSet:
        return self.names.rules

    @property
    def gazetteer(self) -> Gazetteer:
        return self.names.gazetteer


Value = str | float | None


def write(kind: Format, rows: Iterable[Row], how: Written) -> bytes:
    """Blocks for a while: not for the event loop."""
    values = [_values(row, how) for row in rows]
    match kind:
        case "csv":
            return _csv(values)
        case "geojson":
            return _geojson(values, how)
        case "parquet":
            # What writes it would stay in the worker's memory for good.
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as elsewhere:
                table = [[row[name] for name in COLUMNS] for row in values]
                return elsewhere.submit(_parquet, table, dict(how.about)).result()


def _values(row: Row, how: Written) -> dict[str, Value]:
    group = how.rules.groups.get(row.category_group)
    lat, lon = _point(row, how.gazetteer)

    def named(by: str, key: str) -> str:
        return how.names.of(by, key, "vi") if key else ""  # type: ignore[arg-type]  # one of By

    return {
        "sent": row.sent,
        "sent_precision": row.sent_precision,
        "place_precision": row.place_precision,
        "province_code": how.rules.province_code,
        "commune_code": row.commune,
        "commune_name": named("commune", row.commune),
        "cell": row.cell,
        "lat": lat,
        "lon": lon,
        "category_group": row.category_group,
        "category_group_name": group.name if group else "",
        "category": row.category,
        "category_name": named("category", row.category),
        "agency": row.agency,
        "agency_name": named("agency", row.agency),
        "channel": row.channel,
        "status": row.status,
        "on_time": row.on_time,
        "rating": row.rating,
        "text": row.text,
    }


def _point(row: Row, gazetteer: Gazetteer) -> tuple[float | None, float | None]:
    """The middle of the cell or of the commune: never where somebody stood."""
    if row.cell:
        return centre_of(row.cell)
    commune = gazetteer.commune(row.commune) if row.commune else None
    return (round(commune.lat, 5), round(commune.lon, 5)) if commune else (None, None)


def _csv(rows: Iterable[dict[str, Value]]) -> bytes:
    """UTF-8 with its mark, for spreadsheets; no cell is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_safe(row[name]) for name in COLUMNS] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _safe(value: Value) -> str | float:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _geojson(rows: Iterable[dict[str, Value]], how: Written) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": None if row["lat"] is None else {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {name: value for name, value in row.items() if name not in ("lat", "lon")},
        }
        for row in rows
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "about": how.about, "features": features})


def _parquet(rows: Sequence[Sequence[Value]], about: Mapping[str, str]) -> bytes:
    from app.exports.parquet import write_table  # in the other process alone

    with tempfile.TemporaryDirectory(prefix="phananh-opendata-") as folder:
        path = Path(folder) / "month.parquet"
        write_table(path, COLUMNS, map(list, rows), about)
        return path.read_bytes()


def about(
    *, title: str, publisher: str, licence: str, month: str, version: int, k: int, generalised: int, withheld: int
) -> dict[str, str]:
    """What every file says of itself, in both languages where it is a sentence."""
    told = {"k": k, "generalised": generalised, "withheld": withheld}
    return {
        "title": title,
        "publisher": publisher,
        "licence": licence,
        "month": month,
        "version": str(version),
        "anonymity_vi": t("opendata.provenance", "vi", **told),
        "anonymity_en": t("opendata.provenance", "en", **told),
    }
