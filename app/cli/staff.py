"""``phananh staff``: accounts."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.common import Language, fail, out, prepared
from app.settings import Settings

if TYPE_CHECKING:
    from app.accounts.importing import Outcome

staff_cli = typer.Typer(no_args_is_help=True, help="Staff accounts.")


@staff_cli.callback()
def staff() -> None:
    """Staff accounts."""


@staff_cli.command("add")
def staff_add(
    username: str,
    full_name: Annotated[str, typer.Option(help="Name as colleagues know it.")],
    agency: Annotated[str, typer.Option(help="Agency id from routing_rules.yaml, or ubnd-<commune code>.")],
    role: Annotated[str, typer.Option(help="officer, lead, coordinator, leader or administrator")],
) -> None:
    """Make an account; prints its first password once."""
    from app.accounts import service as accounts
    from app.accounts.model import SYSTEM, Role
    from app.db import connect_pool

    if role not in list(Role):
        raise fail([f"there is no role {role!r}; choose one of {', '.join(Role)}"])

    async def add(settings: Settings) -> str:
        assert settings.database_url is not None
        pool = await connect_pool(settings.database_url, 2)
        try:
            _, password = await accounts.create_staff(
                pool,
                username=username,
                full_name=full_name,
                agency_id=agency,
                role=Role(role),
                password=None,
                by=SYSTEM,
                temporary=True,
            )
        finally:
            await pool.close()
        return password

    with prepared() as settings:
        out.print(f"{username}: {asyncio.run(add(settings))}", highlight=False, markup=False)


@staff_cli.command("reset")
def staff_reset(username: str) -> None:
    """Give an account a new password, printed once; unlock it and take away its second factor."""
    from app.accounts import service as accounts
    from app.accounts.model import SYSTEM
    from app.db import connect_pool

    async def reset(settings: Settings) -> str:
        assert settings.database_url is not None
        async with await connect_pool(settings.database_url, 2) as pool:
            async with pool.acquire() as conn:
                staff = await accounts.find_staff(conn, username)
            return await accounts.reset_password(pool, staff.staff_id, None, SYSTEM, temporary=True, factor=True)

    with prepared() as settings:
        out.print(f"{username}: {asyncio.run(reset(settings))}", highlight=False, markup=False)


@staff_cli.command("chat-code")
def staff_chat_code(username: str) -> None:
    """A code that lets one chat act for the account: sent to the bot in private as "/canbo CODE", within 10 minutes."""
    from app.accounts import chats
    from app.accounts import service as accounts
    from app.accounts.model import SYSTEM
    from app.db import connect_pool

    async def make(settings: Settings) -> str:
        assert settings.database_url is not None
        async with await connect_pool(settings.database_url, 2) as pool:
            async with pool.acquire() as conn:
                staff = await accounts.find_staff(conn, username)
            return (await chats.make_code(pool, staff.staff_id, SYSTEM))[0]

    with prepared() as settings:
        out.print(f"/canbo {asyncio.run(make(settings))}", highlight=False, markup=False)


@staff_cli.command("disable")
def staff_disable(username: str) -> None:
    """Close an account: its sessions and API tokens end at once."""
    _switch(username, active=False)


@staff_cli.command("enable")
def staff_enable(username: str) -> None:
    """Open a closed account again."""
    _switch(username, active=True)


@staff_cli.command("import")
def staff_import(
    file: Annotated[Path, typer.Argument(help="CSV, UTF-8: username, full_name, agency, role and more; see the docs.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")] = False,
    lang: Language = "en",
) -> None:
    """Make and change accounts from a table: all of it, or nothing and every mistake by its line.

    Prints a line for each account that is new (with its first password, once) or changed.
    """
    from app.accounts import importing
    from app.accounts.importing import Known, Unusable
    from app.accounts.model import SYSTEM
    from app.accounts.service import agencies
    from app.db import connect_pool
    from app.places import service as places
    from app.routing import service as routing
    from app.wiring import communes_of

    try:
        data = file.read_bytes()
    except OSError as error:
        raise fail([f"cannot read {file} ({error.strerror})"]) from None

    async def take(settings: Settings) -> "list[Outcome]":
        assert settings.database_url is not None
        async with await connect_pool(settings.database_url, 2) as pool:
            rules = await routing.active(pool)
            async with pool.acquire() as conn:
                open_ones = {agency.agency_id for agency in await agencies(conn) if agency.active}
            communes = {code for code, _ in communes_of(await places.load(pool), rules)}
            known = Known(open_ones, rules.categories, communes)
            return await (importing.preview if dry_run else importing.take)(pool, data, known, SYSTEM)

    with prepared() as settings:
        try:
            outcomes = asyncio.run(take(settings))
        except Unusable as error:
            raise fail(error.told(lang)) from None
        _tell(outcomes, "would be: " if dry_run else "")


def _tell(outcomes: "list[Outcome]", before: str) -> None:
    for each in outcomes:
        if each.what != "same":
            said = f"{each.username}: {each.password or each.what}"
            out.print(said, highlight=False, markup=False, soft_wrap=True)
    counts = {what: sum(each.what == what for each in outcomes) for what in ("new", "changed", "same")}
    end = ", ".join(f"{count} {what}" for what, count in counts.items())
    out.print(f"{before}{end}", highlight=False, markup=False)


def _switch(username: str, *, active: bool) -> None:
    from app.accounts import service as accounts
    from app.accounts.model import SYSTEM
    from app.db import connect_pool

    async def switch(settings: Settings) -> None:
        assert settings.database_url is not None
        async with await connect_pool(settings.database_url, 2) as pool:
            async with pool.acquire() as conn:
                staff = await accounts.find_staff(conn, username)
            await (accounts.enable if active else accounts.disable)(pool, staff.staff_id, SYSTEM)

    with prepared() as settings:
        asyncio.run(switch(settings))
        out.print(f"{username}: {'enabled' if active else 'disabled'}", highlight=False, markup=False)
