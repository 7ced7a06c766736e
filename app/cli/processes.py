"""Running: everything in one, or one process alone."""

import asyncio
import os
import signal
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from rich.panel import Panel
from rich.progress import Progress
from rich.table import Table

from app.cli.common import fail, out, prepared, read_settings, told
from app.settings import Settings

if TYPE_CHECKING:
    from app.demo import Seeded


def serve_process(main: Coroutine[Any, Any, None]) -> None:
    """Run one process on uvloop."""
    import uvloop

    uvloop.run(main)


def run() -> None:
    """Everything in one: database, api, worker and bot; with the local chat when no bot token is set."""
    from app.supervisor import Supervisor, database
    from app.wiring import prepare

    began = time.monotonic()
    settings = read_settings()
    if settings.simulated:
        # The systems that the simulator plays stand on this machine; the children read it from the environment.
        os.environ.setdefault("PHANANH_NETWORKS", "127.0.0.1/32")
        settings = read_settings()
    with told(), database(settings) as (ready, server):
        asyncio.run(prepare(ready, take_file=True))
        seeded = _seed_when_empty(ready)
        names = ["api", "worker", "bot"] + (["simulator"] if ready.simulated else [])
        supervisor = Supervisor(ready, names, server)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, supervisor.stop_soon)
        try:
            supervisor.start()
            api = f"http://127.0.0.1:{ready.port}"
            chat = [ready.simulator_url + "/"] if ready.simulated else []
            supervisor.wait_ready([f"{api}/readyz", *chat])
            _welcome(ready, seeded, time.monotonic() - began)
            supervisor.watch()
        finally:
            supervisor.stop()
        if supervisor.failed:
            raise fail([f"{supervisor.failed} does not stay up; see {supervisor.log_of(supervisor.failed)}"], 1)


def _seed_when_empty(settings: Settings) -> "Seeded":
    """The demo, on an empty database of a system that only plays."""
    from app import demo

    if not settings.simulated:
        return demo.Seeded()
    with Progress(console=out, transient=True) as progress:
        task = progress.add_task("Tạo dữ liệu mẫu / seeding the demo", total=None)
        return asyncio.run(demo.seed_when_empty(settings, lambda n, of: progress.update(task, completed=n, total=of)))


def _welcome(settings: Settings, seeded: "Seeded", seconds: float) -> None:
    """What is shown once comes first, so that the addresses stand at the end, where one looks."""
    if seeded.accounts:
        table = Table(title="Tài khoản mẫu, chỉ hiện một lần / demo accounts, shown once")
        table.add_column("")
        for heading in ("Tên đăng nhập / username", "Mật khẩu / password"):
            # What is to be typed must stand there whole, however narrow the window.
            table.add_column(heading, no_wrap=True, min_width=max(len(name) for _, name, _ in seeded.accounts))
        for row in seeded.accounts:
            table.add_row(*row)
        out.print(table)
    if seeded.wall:
        # An address to be copied whole is not to be broken by a frame.
        out.print(f"🖥  Màn hình trung tâm / wall display: [link]{seeded.wall}[/link]", soft_wrap=True)
    lines = [f"[bold]Phản ánh hiện trường[/] sẵn sàng sau {seconds:.1f} giây / ready\n"]
    if settings.simulated:
        lines.append(f"  💬 Trò chuyện với bot / chat     [link]{settings.simulator_url}/[/link]")
        lines.append(f"  🔌 Hệ thống khác / other systems [link]{settings.simulator_url}/others[/link]")
    lines.append(f"  📷 Gửi từ trang web / send by web [link]{settings.public_url}/[/link]")
    lines.append(f"  🗂  Trang cán bộ / staff pages      [link]{settings.public_url}/console[/link]")
    lines.append(f"  📖 API                           [link]{settings.public_url}/schema[/link]")
    lines.append(f"  🩺 Trạng thái / health           [link]{settings.public_url}/readyz[/link]")
    lines.append(f"  📄 Nhật ký / logs                {settings.home / 'log'}")
    lines.append("\nCtrl-C để dừng / to stop.")
    out.print(Panel("\n".join(lines), expand=False))


def api() -> None:
    """The HTTP API alone."""
    from app.main import serve

    with prepared() as settings:
        serve_process(serve(settings))


def worker() -> None:
    """The worker alone."""
    from app.worker.process import run as work

    with prepared() as settings:
        serve_process(work(settings))


def bot() -> None:
    """The bots alone, each by webhook when an address for it is set, else by long polling."""
    from bot.process import run as serve_bot

    with prepared() as settings:
        serve_process(serve_bot(settings))


def simulator() -> None:
    """Telegram and Zalo played on this machine, with a chat page. Refuses to run where a real bot is set."""
    from bot.simulator.server import run as simulate
    from bot.simulator.zalo.twin import OaTwin, ZaloTwin
    from bot.telegram.client import SIMULATOR_TOKEN
    from bot.zalo.known import bot_of, oa_of

    settings = read_settings()
    zalo, oa = bot_of(settings), oa_of(settings)
    if not settings.simulated or zalo is None or oa is None:
        raise fail([f"the simulator does not run beside a real bot: {', '.join(settings.real_bots)} is set"])
    twins = [ZaloTwin(zalo.token), OaTwin(oa.app_id, oa.app_secret, oa.oa_secret, oa.webhook_url)]
    simulate("127.0.0.1", settings.simulator_port, SIMULATOR_TOKEN, twins)


def migrate() -> None:
    """Bring schema, rules and agencies up to date, and stop."""
    with prepared(take_file=True):
        out.print("the schema is up to date")


def webhook() -> None:
    """Tell Telegram and Zalo where the bots listen (PHANANH_…_WEBHOOK_URL); once per deployment."""
    from bot.telegram.app import set_webhook
    from bot.zalo.app import set_webhook as set_zalo_webhook

    settings = read_settings()
    with told():
        if settings.telegram or settings.simulated:
            out.print(asyncio.run(set_webhook(settings)))
        for line in asyncio.run(set_zalo_webhook(settings)):
            out.print(line)
