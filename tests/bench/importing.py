"""Taking over an older system's list: rows of a CSV that is read, judged, placed and written with their histories,
against PostgreSQL's own COPY of the very rows that this comes to; and the same rows pulled from another system's
server, which has nothing to look up and answers at once, against the list."""

import csv
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from app import settings as configuration
from app.db import Pool, connect_pool
from app.importing import mapping, open311, service
from app.importing.model import Source
from app.importing.open311 import Wanted
from app.importing.reading import Listed
from app.importing.table import Table
from app.places.service import embedded_default
from app.reports.past import Ground
from app.routing import service as routing
from app.routing.calendar import VIETNAM
from app.wiring import prepare
from tests.bench import Figure
from tests.bench._database import database
from tests.importing.elsewhere import elsewhere
from tests.small_world import LOOPBACK

_ROWS = 6_000
_TIMES, _AGAIN, _PULLED = 12.0, 0.5, 1.6
"""Of COPY's time, which neither reads nor judges anything; of the first time, where all is known; of the list's."""
_TABLES = ("reports", "report_codes", "report_events", "report_messages")
_HEAD = (
    "Mã", "Nội dung", "Lĩnh vực", "Trạng thái", "Gửi", "Chuyển", "Xong", "Vĩ độ", "Kinh độ", "Địa chỉ", "Kết quả",
)  # fmt: skip
_MAPPING = """
source = "cũ"
dates = ["%d/%m/%Y %H:%M"]
[columns]
number = "Mã"
text = "Nội dung"
category = "Lĩnh vực"
status = "Trạng thái"
submitted_at = "Gửi"
assigned_at = "Chuyển"
finished_at = "Xong"
lat = "Vĩ độ"
lon = "Kinh độ"
address = "Địa chỉ"
answer = "Kết quả"
"""


async def run() -> list[Figure]:
    async with database() as (folder, server):
        env = {"PHANANH_HOME": str(folder / "home"), "PHANANH_DATABASE_URL": server.url()}
        await prepare(configuration.load(env))
        async with await connect_pool(server.url(), 3) as pool:
            path = _written(folder / "old.csv", await routing.active(pool))
            first, again = [await _taken(pool, path) for _ in range(2)]
            bare = await _copied(pool, folder)
            pulled = await _pulled(pool, path)
    name = f"taking over {_ROWS:,} reports from a list"
    return [
        _figure(f"{name}, {_ROWS / first:,.0f} rows/s", first, bare, "bare COPY", _TIMES),
        _figure(f"{name} that are all known", again, first, "the first time", _AGAIN),
        _figure(f"pulling the same, {_ROWS / pulled:,.0f} rows/s", pulled, first, "from the list", _PULLED),
    ]


def _figure(name: str, value: float, limit: float, held: str, most: float) -> Figure:
    ratio = value / limit
    return Figure(name, round(value, 2), "s", held, round(limit, 2), round(ratio, 2), f"≤ {most:g} ×", ratio <= most)


def _written(path: Path, rules: routing.RuleSet) -> Path:
    home = [c for c in embedded_default().communes if c.province_code == rules.province_code]
    categories: Sequence[str] = [c for c in rules.categories if not rules.categories[c].out_of_scope]
    begin = datetime(2024, 1, 2, 8, tzinfo=UTC)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEAD)
        for n in range(_ROWS):
            commune, sent = home[n % len(home)], begin + timedelta(minutes=97 * n)
            point = (commune.lat, commune.lon) if n % 4 else ("", "")
            done = "closed" if n % 10 else "in_progress"
            times = [sent, sent + timedelta(hours=2), sent + timedelta(days=2)]
            said = [f"{each:%d/%m/%Y %H:%M}" for each in times]
            writer.writerow((
                n, f"Phản ánh thứ {n}: mặt đường hư hỏng, nước đọng trước nhà số {n % 300}, đề nghị sửa.",
                categories[n % len(categories)], done, *said[: 3 if n % 10 else 2], *([] if n % 10 else [""]), *point,
                f"{n % 300} Lý Bôn, {commune.full_name}", "Đã xử lý xong." if n % 10 else "",
            ))  # fmt: skip
    return path


async def _taken(pool: Pool, path: Path) -> float:
    began = time.perf_counter()
    known, names = await service.known(pool, await routing.active(pool))
    await _run(pool, Listed(Table(path), mapping.understood(mapping.read(_MAPPING), known), known, names))
    return time.perf_counter() - began


async def _pulled(pool: Pool, path: Path) -> float:
    async with elsewhere() as there:
        there.requests, there.pages = [_request(row.cells) for row in Table(path).rows()], True
        began = time.perf_counter()
        wanted = Wanted(
            address=there.url, said={"source": "nơi khác"}, beside=path.parent, folder=path.parent, first="2024-01-01",
        )  # fmt: skip
        known, names = await service.known(pool, await routing.active(pool))
        source = await open311.pulled(pool, LOOPBACK, wanted, known, names, lambda *_: None)
        await _run(pool, source)
        source.forget()
        return time.perf_counter() - began


def _request(cells: Mapping[str, str]) -> dict[str, str]:
    """A row of the list as a server has it."""
    sent, done = (
        datetime.strptime(cells[name], "%d/%m/%Y %H:%M").replace(tzinfo=VIETNAM).isoformat() if cells[name] else ""
        for name in ("Gửi", "Xong")
    )
    return {
        "service_request_id": cells["Mã"], "description": cells["Nội dung"], "service_code": cells["Lĩnh vực"],
        "status": "closed" if done else "open", "requested_datetime": sent, "updated_datetime": done or sent,
        "lat": cells["Vĩ độ"], "long": cells["Kinh độ"], "address": cells["Địa chỉ"], "status_notes": cells["Kết quả"],
    }  # fmt: skip


async def _run(pool: Pool, source: Source) -> None:
    now = datetime.now(UTC)
    ground = Ground(
        rules=await routing.active(pool), gazetteer=embedded_default(), secret_key=b"k" * 32, source=source.name,
        run_id=UUID(int=0), now=now, known_before=await service.known_before(pool, now),
    )  # fmt: skip
    run, _ = await service.run(pool, ground, source, "bench", lambda *_: None)
    assert run.fresh + run.same == _ROWS, run


async def _copied(pool: Pool, folder: Path) -> float:
    """Seconds of COPY into tables with the same indexes."""
    files = {table: folder / f"{table}.copy" for table in _TABLES}
    seconds = 0.0
    async with pool.acquire() as conn:
        for table, path in files.items():
            await conn.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
            await conn.copy_from_table(table, output=path, format="binary")
        for table, path in files.items():
            began = time.perf_counter()
            await conn.copy_to_table(f"bare_{table}", source=path, format="binary")
            seconds += time.perf_counter() - began
    return seconds
