"""Which reports teach the guessing of categories."""

from datetime import timedelta

from app.db import Pool
from app.reports.handled import handled_texts
from app.reports.model import Status
from tests import small_world as world


async def test_only_what_an_agency_has_resolved_teaches_in_the_order_it_was_sent(settled: Pool) -> None:
    later = await world.reach(settled, Status.RESOLVED, text="Đường này nhiều ổ gà lắm")
    await world.reach(settled, Status.IN_PROGRESS, text="Cái này đang xử lý thôi")
    await world.reach(settled, Status.REJECTED, text="Cái này bị từ chối rồi")
    first = await world.reach(settled, Status.CLOSED, text="Ổ gà to trước cửa nhà")
    async with settled.acquire() as conn:
        await conn.execute(
            "UPDATE reports SET submitted_at = submitted_at - $2::interval WHERE report_id = $1",
            first.report_id,
            timedelta(days=3),
        )
        taught = await handled_texts(conn)
    assert taught == [(first.category, "Ổ gà to trước cửa nhà"), (later.category, "Đường này nhiều ổ gà lắm")]
