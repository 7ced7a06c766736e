"""Which Zalo bots there are: those that the settings name, or the simulator's, which play everything."""

from app.settings import Settings
from app.settings.channels import ZaloBot, ZaloOA
from bot.zalo.bot_api import SIMULATOR_TOKEN
from bot.zalo.oa_api import SIMULATOR_APP, SIMULATOR_SECRET


def bot_of(settings: Settings) -> ZaloBot | None:
    if settings.zalo_bot is not None or not settings.simulated:
        return settings.zalo_bot
    return ZaloBot(SIMULATOR_TOKEN, None, None, f"{settings.simulator_url}/zalo-bot")


def oa_of(settings: Settings) -> ZaloOA | None:
    if settings.zalo_oa is not None or not settings.simulated:
        return settings.zalo_oa
    base = f"{settings.simulator_url}/zalo-oa"
    return ZaloOA(SIMULATOR_APP, SIMULATOR_SECRET, SIMULATOR_SECRET, hook_of(settings.bot_port), base, base)


def hook_of(bot_port: int) -> str:
    """Where the simulator brings an Official Account's events."""
    return f"http://127.0.0.1:{bot_port}/zalo/oa"
