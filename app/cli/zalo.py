"""``phananh zalo``: the Official Account's keys."""

import asyncio
import sys

import typer

from app.cli.common import fail, out, prepared
from app.settings import Settings

zalo_cli = typer.Typer(no_args_is_help=True, help="Zalo's Official Account.")


@zalo_cli.callback()
def zalo() -> None:
    """Zalo's Official Account."""


@zalo_cli.command("token")
def zalo_token() -> None:
    """Give the account's refresh token, asked for or read from standard input, and try it at once."""
    with prepared() as settings:
        if settings.zalo_oa is None:
            raise fail(["no Official Account is set; see PHANANH_ZALO_OA_APP_ID"])
        asks = sys.stdin.isatty()
        given = typer.prompt("Refresh token (not shown)", hide_input=True) if asks else sys.stdin.readline()
        if not given.strip():
            raise fail(["that is no token"])
        out.print(asyncio.run(_give(settings, given.strip())))


async def _give(settings: Settings, refresh_token: str) -> str:
    from app.db import connect_pool
    from app.notify.model import SendFailed
    from bot.zalo import tokens
    from bot.zalo.http import client

    assert settings.database_url is not None
    assert settings.zalo_oa is not None
    pool = await connect_pool(settings.database_url, 2)
    try:
        async with pool.acquire() as conn:
            await tokens.give(conn, settings.zalo_oa.app_id, refresh_token)
        async with client(settings.zalo_oa.oauth_host) as http:
            await tokens.Tokens(pool, http, settings.zalo_oa).access()
    except SendFailed as failure:
        raise fail([f"Zalo does not take it: {failure.reason}"], 1) from None
    finally:
        await pool.close()
    return "the Official Account's token is kept and renewed by itself from now on"
