"""A case that is late is found by the worker's watch, and its officer gets a notice and a mail, each once."""

import asyncio
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import Pool
from app.places.service import embedded_default
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.routing import service as routing
from tests.journey.system import System
from tests.world import AN_XUYEN, COMPANY, LIGHT


def mails(home: Path, code: str) -> list[str]:
    """Subjects and texts of the mails that name a case, but for the morning's list of a day's work."""
    found = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted((home / "mail").glob("*.eml"))
    ]
    written = []
    for message in found:
        part = message.get_body(("plain",))
        assert part is not None
        written.append(f"{message['To']} {message['Subject']} {part.get_content()}")
    return [text for text in written if code in text and "Việc hôm nay" not in text]


async def test_a_late_case_is_warned_of_on_the_page_and_by_mail(system: System, pool: Pool) -> None:
    staff_id, _ = await accounts.create_staff(
        pool, "cuc", "Lê Thị Cúc", COMPANY, Role.LEAD, None, SYSTEM, email="cuc@example.vn"
    )
    new = NewReport(
        text=str(LIGHT["text"]),
        place=Place(commune_code=AN_XUYEN),
        channel="web",
        lang="vi",
        consent=True,
        category="street-light",
    )
    rules = await routing.active(pool)
    long_ago = datetime.now(UTC) - timedelta(days=60)
    filed = await file_report(pool, rules, embedded_default(), b"k" * 40, new, long_ago)
    code = filed.report.code
    async with asyncio.timeout(180):  # the watch looks once a minute
        while not mails(system.home, code):  # noqa: ASYNC110  # another process's work
            await asyncio.sleep(0.2)
    (mail,) = mails(system.home, code)
    assert "Đã hết thời hạn" in mail
    assert f"{system.api}/console/reports/{code}" in mail
    assert str(LIGHT["text"])[:20] not in mail
    kinds = await pool.fetch(
        "SELECT kind FROM notices WHERE staff_id = $1 AND report_id = $2 ORDER BY kind",
        staff_id,
        filed.report.report_id,
    )
    assert [row["kind"] for row in kinds] == ["warned_first_answer_100", "warned_handling_100"]
