"""A workbook with a hundred thousand reports: how long it takes, how much memory, and whether spreadsheets read in it
what the statistics say."""

import asyncio
import csv
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import psutil

from app.exports.making import produce, settle_figures
from app.i18n import t
from app.stats import service as stats
from app.stats.measures import FIGURES
from app.stats.model import value
from tests.bench import Figure
from tests.bench._lists import COLUMNS, Listed, listed

_SECONDS, _MEGABYTES = 5, 200


async def run() -> list[Figure]:
    async with listed() as place:
        path = place.folder / "book.xlsx"
        wanted = place.wanted("xlsx", COLUMNS)
        await settle_figures(place.pool, wanted.as_of)
        began, most = time.perf_counter(), 0.0
        making = asyncio.create_task(produce(place.pool, place.names, wanted, path))
        while not making.done():
            await asyncio.wait({making}, timeout=0.02)
            most = max(most, _memory())
        took, made = time.perf_counter() - began, await making
        told = await _told(place)
        wrong = await asyncio.to_thread(_apart, _openpyxl(path), told)
        office = await asyncio.to_thread(_libreoffice, path)
        wrong += _apart(office, told) if office else 0
    name = f"workbook of {made.rows:,} reports"
    readers = "openpyxl and LibreOffice" if office else "openpyxl"
    return [
        _figure(f"{name}, made", took, _SECONDS, "s"),
        _figure(f"{name}, memory of its process", most, _MEGABYTES, "MB"),
        Figure(
            f"{name}, totals that {readers} read otherwise",
            wrong,
            "",
            "of",
            len(told),
            wrong / len(told),
            "0",
            not wrong,
        ),
    ]


def _figure(name: str, value: float, limit: float, unit: str) -> Figure:
    return Figure(name, round(value, 2), unit, "bar", limit, round(value / limit, 3), "≤ 1 ×", value <= limit)


def _memory() -> float:
    """Megabytes of the process that writes."""
    for child in psutil.Process().children():
        try:
            if "app.exports.worker" in child.cmdline():
                return float(child.memory_info().rss) / 1e6
        except psutil.Error:
            continue
    return 0


async def _told(place: Listed) -> dict[str, float]:
    """The figures by their names, as the statistics have them; shares as fractions."""
    wanted = place.wanted("xlsx", COLUMNS)
    async with place.pool.acquire() as conn:
        counts = (await stats.ask(conn, wanted.asked.question(wanted.as_of))).groups[""]
    found = {figure.title("vi"): (figure, value(figure, counts)) for figure in FIGURES.values()}
    return {
        name: n / 100 if figure.unit == "percent" else n for name, (figure, n) in found.items() if n is not None
    } | {t("exports.sheet_list"): counts[next(iter(FIGURES["received"].of))].n}


def _openpyxl(path: Path) -> dict[str, float]:
    book = openpyxl.load_workbook(path, read_only=True)
    front = {row[0]: row[1] for row in book[t("exports.sheet_summary")].iter_rows(values_only=True) if row[0]}
    return front | {t("exports.sheet_list"): sum(1 for _ in book[t("exports.sheet_list")].iter_rows()) - 1}


def _libreoffice(path: Path) -> dict[str, float]:
    """Nothing where it is not installed."""
    if shutil.which("soffice") is None:
        sys.stderr.write(
            "LibreOffice is missing: apt-get install libreoffice-calc-nogui to have it open the workbook\n"
        )
        return {}
    read = {}
    for number, sheet in ((1, "summary"), (7, "list")):
        # Comma, quotes, UTF-8, numbers as they are and not as they look, one sheet.
        way = f"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,{number}"
        subprocess.run(
            ["soffice", "--headless", f"-env:UserInstallation=file://{path.parent}/office", "--convert-to", way,
             "--outdir", path.parent, path],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600,
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(path.parent), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        name = t(f"exports.sheet_{sheet}")
        with (path.parent / f"{path.stem}-{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
        if sheet == "list":
            read[name] = float(len(rows) - 1)
        else:
            read |= {row[0]: n for row in rows if row[1:] and (n := _number(row[1])) is not None}
    return read


def _number(text: str) -> float | None:
    """A share is written as percents even where numbers are written as they are."""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None


def _apart(read: dict[str, float], told: dict[str, float]) -> int:
    """How many totals are not what was told."""
    return sum(abs(float(read.get(name, -1)) - n) > 1e-6 * max(1, abs(n)) for name, n in told.items())
