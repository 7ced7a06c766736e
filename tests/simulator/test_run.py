"""The simulator as a process of its own, as ``phananh run`` starts it."""

import asyncio
import signal
import sys

import httpx

from tests.ports import free_port
from tests.simulator.conftest import TOKEN


async def test_process_stops_at_once_though_polls_and_pages_are_open() -> None:
    port = free_port()
    code = f"from bot.simulator.server import run; run('127.0.0.1', {port}, {TOKEN!r})"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=asyncio.subprocess.PIPE)
    # Retries bridge the time until the port is open.
    transport = httpx.AsyncHTTPTransport(retries=6)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=60) as http:
        people = (await http.get("/sim/state")).json()["people"]
        assert [person["first_name"] for person in people] == ["Lan", "Minh", "Cô Sáu", "Emma", "Bích", "Phước"]
        async with http.stream("GET", "/sim/events") as stream:
            poll = asyncio.create_task(http.get(f"/bot{TOKEN}/getUpdates?timeout=30"))
            async for line in stream.aiter_lines():
                if line == 'data: {"listening":true}':
                    break
            process.terminate()
            assert (await poll).json() == {"ok": True, "result": []}
    _, complaints = await asyncio.wait_for(process.communicate(), 5)
    assert (process.returncode, complaints) == (-signal.SIGTERM, b"")
