"""``phananh privacy``: what people ask for by law about their data."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import Progress
from rich.table import Table

from app.cli.common import err, fail, out, prepared
from app.settings import Settings

privacy_cli = typer.Typer(no_args_is_help=True, help="Requests of citizens about their personal data.")


@privacy_cli.callback()
def privacy() -> None:
    """Requests of citizens about their personal data."""


@privacy_cli.command("list")
def privacy_list() -> None:
    """Who waits for something, and until when the law gives us time."""
    from app.db import connect_pool
    from app.notify.templates import when
    from app.reports import rights
    from app.routing import service as routing

    async def read(settings: Settings) -> list[rights.Waiting]:
        assert settings.database_url is not None
        pool = await connect_pool(settings.database_url, 2)
        try:
            return await rights.waiting(pool, await routing.active(pool))
        finally:
            await pool.close()

    with prepared() as settings:
        found = asyncio.run(read(settings))
    if not found:
        out.print("nobody is waiting")
        return
    table = Table("citizen", "wants", "asked", "due", "reports", box=None)
    for each in found:
        asked = each.request
        table.add_row(str(asked.citizen_id), asked.kind, when(asked.requested_at), when(each.due), str(each.reports))
    out.print(table)


@privacy_cli.command("erase")
def privacy_erase(
    who: Annotated[str | None, typer.Argument(help="A citizen's id, or the code of a report they sent.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Everybody whose time is up within five days.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
) -> None:
    """Erase who somebody is: contacts, chats, drafts, voice. Their reports stay, without identity. No way back."""
    if (who is None) == (not due):
        raise fail(["name a citizen or a report, or give --due; one of them"])
    whom = _whom(who) if who else None
    with prepared() as settings, Progress(console=err, transient=True) as progress:
        if not yes:
            progress.stop()
            typer.confirm("This cannot be undone. Erase?", abort=True, err=True)
            progress.start()
        lines = asyncio.run(_erase(settings, whom, progress))
    for line in lines:
        out.print(line, highlight=False)


def _whom(typed: str) -> UUID | str:
    try:
        return UUID(typed)
    except ValueError:
        return typed


async def _erase(settings: Settings, whom: UUID | str | None, progress: Progress) -> list[str]:
    from app.accounts.model import SYSTEM
    from app.db import connect_pool
    from app.reports import rights
    from app.routing import service as routing

    assert settings.database_url is not None
    pool = await connect_pool(settings.database_url, 2)
    try:
        people = [whom] if whom is not None else await rights.due_soon(pool, await routing.active(pool))
        done = [await rights.erase(pool, each, SYSTEM) for each in progress.track(people, description="people")]
    finally:
        await pool.close()
    lines = [f"✓ {one.citizen_id or 'one reporter'}: {', '.join(one.codes) or 'no reports'}" for one in done]
    return lines or ["nobody's time is up"]
