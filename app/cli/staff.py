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
            )
        finally:
            await pool.close()
        return password

    with prepared() as settings:
        out.print(f"{username}: {asyncio.run(add(settings))}", highlight=False, markup=False)
