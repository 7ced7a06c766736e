"""The list as Parquet, by DuckDB; what the file was made from is its key-value metadata.

Moments are by Vietnam's clocks, which have not been changed since 1975.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from app.exports.columns import COLUMNS, Row
from app.exports.geojson import coordinates, told
from app.exports.model import Making

_TYPES = {"text": "VARCHAR", "free": "VARCHAR", "moment": "TIMESTAMP", "count": "INTEGER"}
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": "1",  # the rows stay in their order, and so the bytes the same
    "memory_limit": "256MB",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "true",
}


def write(making: Making, rows: Iterable[list[Row]], path: Path) -> None:
    types: dict[str, str] = {}
    for name in making.columns:
        types |= {"lat": "DOUBLE", "lon": "DOUBLE"} if name == "place" else {name: _TYPES[COLUMNS[name].kind]}
    metadata = {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')
        for name, value in told(making.provenance).items()
    } | {"time_zone": "Asia/Ho_Chi_Minh"}
    write_table(path, types, _apart(making.columns, rows), metadata)


def _apart(columns: tuple[str, ...], rows: Iterable[list[Row]]) -> Iterator[list[Any]]:
    at = columns.index("place") if "place" in columns else None
    for some in rows:
        for row in some:
            if at is None:
                yield row
            else:
                place = row[at]
                yield [*row[:at], *(coordinates(place) if isinstance(place, str) else (None, None)), *row[at + 1 :]]


def write_table(path: Path, types: Mapping[str, str], rows: Iterable[list[Any]], metadata: Mapping[str, str]) -> None:
    """``types``: SQL type by column. By way of a CSV file beside it, which DuckDB reads faster than we could hand it
    the rows, and without holding them."""
    between = path.with_suffix(".csv")
    with between.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, quoting=csv.QUOTE_NOTNULL if hasattr(csv, "QUOTE_NOTNULL") else csv.QUOTE_MINIMAL).writerows(
            rows
        )
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    said = ", ".join(f"{_quoted(name)}: {_quoted(value)}" for name, value in metadata.items())
    with duckdb.connect(config=_SETTINGS) as base:
        base.execute(
            f"""
            COPY (SELECT * FROM read_csv({_quoted(str(between))}, columns = {{{columns}}}, header = false,
                                         auto_detect = false, parallel = false, quote = '"', escape = '"',
                                         new_line = '\\r\\n'))
            TO {_quoted(str(path))} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{said}}})
            """  # noqa: S608  # COPY takes no parameters; what stands in it is quoted
        )
    between.unlink()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
