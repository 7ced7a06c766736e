"""``phananh staff``: accounts."""

import asyncio
from typing import Annotated

import typer

from app.cli.common import fail, out, prepared
from app.settings import Settings

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


@staff_cli.command("disable")
def staff_disable(username: str) -> None:
    """Close an account: its sessions and API tokens end at once."""
    _switch(username, active=False)


@staff_cli.command("enable")
def staff_enable(username: str) -> None:
    """Open a closed account again."""
    _switch(username, active=True)


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
