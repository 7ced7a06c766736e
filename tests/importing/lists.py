"""Lists of another system: the old 1022 of the small world's province, with its own words for everything."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.db import Pool
from app.importing import mapping, service
from app.importing.model import Run, Tally
from app.importing.reading import Listed
from app.importing.table import Table
from app.reports import service as reports
from app.reports.model import Report
from app.reports.past import Ground
from tests import small_world as world

HEAD = ("Mã", "Tiêu đề", "Nội dung", "Lĩnh vực", "Đơn vị", "Trạng thái", "Kênh", "Ngày gửi", "Ngày chuyển", "Ngày xong",
        "Hạn", "Vĩ độ", "Kinh độ", "Địa chỉ", "Xã", "Kết quả", "Đánh giá", "Họ tên", "Điện thoại")  # fmt: skip
USUAL = {
    "Mã": "PA-1", "Tiêu đề": "Ổ gà đường Lý Bôn", "Nội dung": "Ổ gà sâu trước số 12, xe máy dễ ngã.",
    "Lĩnh vực": "Đường sá hư", "Đơn vị": "P. Hạ tầng", "Trạng thái": "Đã xong", "Kênh": "Tổng đài",
    "Ngày gửi": "02/03/2026 09:00", "Ngày chuyển": "02/03/2026 10:30", "Ngày xong": "04/03/2026 15:00", "Hạn": "",
    "Vĩ độ": "9,22461", "Kinh độ": "105.178", "Địa chỉ": "12 Lý Bôn", "Xã": "Phường An Xuyên", "Kết quả": "Đã vá xong.",
    "Đánh giá": "Hài lòng", "Họ tên": "Nguyễn Thị Lan", "Điện thoại": "0912 345 678",
}  # fmt: skip
MAPPING = """
source = "1022 cũ"
dates = ["%d/%m/%Y %H:%M", "%d/%m/%Y"]
[columns]
number = "Mã"
text = ["Tiêu đề", "Nội dung"]
category = "Lĩnh vực"
agency = "Đơn vị"
status = "Trạng thái"
channel = "Kênh"
submitted_at = "Ngày gửi"
assigned_at = "Ngày chuyển"
finished_at = "Ngày xong"
due = "Hạn"
lat = "Vĩ độ"
lon = "Kinh độ"
address = "Địa chỉ"
commune = "Xã"
answer = "Kết quả"
rating = "Đánh giá"
contact_name = "Họ tên"
contact_phone = "Điện thoại"
[values.category]
"Đường sá hư" = "pothole"
"Điện" = "street-light"
[values.agency]
"P. Hạ tầng" = "roads"
"Điện lực" = "power"
[values.status]
"Đã xong" = "closed"
"Đang làm" = "in_progress"
"Đã chuyển" = "assigned"
"Mới" = "open"
"Trả lại dân" = "rejected"
[values.channel]
"Tổng đài" = "hotline"
"*" = "import"
[values.rating]
"Hài lòng" = "satisfied"
"""
OPEN = {"Ngày xong": "", "Kết quả": "", "Đánh giá": ""}
NOW = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
"""A Monday two months later."""


def text_of(rows: Iterable[dict[str, str]], separator: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEAD, delimiter=separator)
    writer.writeheader()
    writer.writerows(USUAL | row for row in rows)
    return out.getvalue()


def a_list(path: Path, *rows: dict[str, str], encoding: str = "utf-8", separator: str = ",") -> Path:
    path.write_bytes(text_of(rows, separator).encode(encoding))
    return path


def many(count: int, **changes: str) -> list[dict[str, str]]:
    """Different ones, a third of them still open."""
    rows = []
    for n in range(count):
        row = {
            "Mã": f"M-{n}",
            "Nội dung": f"Ổ gà thứ {n} trên đường Lý Bôn.",
            "Ngày gửi": f"{n % 27 + 1:02d}/03/2026 09:00",
        }
        if n % 3 == 2:
            row |= OPEN | {"Trạng thái": "Đang làm", "Ngày chuyển": ""}
        else:
            row |= {"Ngày chuyển": f"{n % 27 + 1:02d}/03/2026 10:00", "Ngày xong": f"{n % 27 + 2:02d}/03/2026 15:00"}
        rows.append(row | changes)
    return rows


async def listed(pool: Pool, path: Path, text: str = MAPPING, *, with_contacts: bool = False) -> Listed:
    known, names = await service.known(pool, world.RULES)
    columns = mapping.understood(mapping.read(text), known)
    table = Table(path, columns.encoding, columns.separator)
    return Listed(table, columns, known, names, with_contacts=with_contacts)


async def ground(pool: Pool, source: str = "1022 cũ", now: datetime = NOW) -> Ground:
    return Ground(
        rules=world.RULES,
        gazetteer=world.GAZETTEER,
        secret_key=world.KEY,
        source=source,
        run_id=UUID(int=0),
        now=now,
        known_before=await service.known_before(pool, now),
    )


async def checked(pool: Pool, path: Path, text: str = MAPPING) -> Tally:
    source = await listed(pool, path, text)
    return await service.check(pool, await ground(pool, source.name), source, lambda *_: None)


async def taken(pool: Pool, path: Path, text: str = MAPPING, **how: Any) -> tuple[Run, Tally]:
    source = await listed(pool, path, text, **how)
    return await service.run(pool, await ground(pool, source.name), source, "lan", lambda *_: None)


async def report_of(pool: Pool, number: str, source: str = "1022 cũ") -> Report:
    async with pool.acquire() as conn:
        found = await conn.fetchval(
            "SELECT report_id FROM imported_reports WHERE source = $1 AND number = $2", source, number
        )
        assert found is not None, f"{number} is not here"
        return await reports.get(conn, found)
