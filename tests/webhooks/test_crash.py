"""A real worker killed (-9) while it sends: nothing is lost, and whatever comes twice has the same id."""

import asyncio
import signal
from pathlib import Path

from app.db import Pool
from app.webhooks import sending, service
from app.webhooks.sending import Sender
from app.webhooks.service import Wanted
from tests import small_world as world
from tests.receiver import Receiver
from tests.telegram.process import WorkerProcess

_REPORTS = 150


async def test_a_killed_worker_loses_no_message(
    clean: Pool, sender: Sender, there: Receiver, database_url: str, tmp_path: Path
) -> None:
    wanted = Wanted(name="IOC", url=there.url, kinds=("submitted", "assigned"))
    await service.add(clean, world.KEY, world.ADMINISTRATOR, wanted, "test", world.LOOPBACK)
    for _ in range(_REPORTS):
        await world.file(clean)
    middle = asyncio.Event()

    def one_in_five_fails(before: int, _: object) -> tuple[int, dict[str, str]]:
        if before > _REPORTS // 2:
            middle.set()
        return (500 if before % 5 == 0 else 204), {}

    there.answers = one_in_five_fails
    worker = WorkerProcess(
        tmp_path,
        database_url,
        "http://127.0.0.1:9",
        PHANANH_SECRET_KEY=world.KEY.decode(),
        PHANANH_NETWORKS="127.0.0.0/8",
    )
    worker.start()
    try:
        await asyncio.wait_for(middle.wait(), 60)
    finally:
        worker.end(signal.SIGKILL)
    assert await clean.fetchval("SELECT count(*) FROM webhook_deliveries WHERE state = 'delivered'") < 2 * _REPORTS
    await clean.execute(
        "UPDATE webhook_deliveries SET next_at = now()"
    )  # the dead one's lease, and the pauses, are over
    there.answers = lambda _, __: (204, {})
    async with clean.acquire() as conn:
        (webhook, _), *_ = await service.every(conn, world.ADMINISTRATOR)
    await service.follow(clean)
    await sending.send_due(clean, sender, webhook)
    facts = await clean.fetch("SELECT report_id, seq FROM report_events WHERE kind IN ('submitted', 'assigned')")
    assert set(there.ids) == {f"{row['report_id']}-{row['seq']}" for row in facts}
    assert await clean.fetchval("SELECT count(*) FROM webhook_deliveries WHERE state <> 'delivered'") == 0
    assert "Traceback" not in worker.log
