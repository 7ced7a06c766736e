"""``phananh doctor``: look at every part the system stands on, and say in plain words what is wrong and what to do."""

from app.doctor.database import examine_database
from app.doctor.finding import Finding, Findings, guarded
from app.doctor.machine import photos, settings_in_use, space
from app.doctor.mail import mail_server
from app.doctor.outside import OpenBot, chat_bot, photo_store
from app.doctor.zalo import zalo_bot
from app.embedded import EmbeddedFailed
from app.settings import Settings
from app.supervisor import database
from bot.telegram.client import bot_of

__all__ = ["Finding", "examine"]


async def examine(settings: Settings, open_bot: OpenBot = bot_of) -> Findings:
    """Look at everything; a broken part hides no other. Starts, or joins, the embedded database meanwhile."""
    found = settings_in_use(settings)
    try:
        # Its start blocks, which harms nothing here and must happen in the main thread.
        with database(settings) as (ready, _):
            found += await guarded("database", examine_database(ready))
    except EmbeddedFailed as error:
        advice = "Free what is in its way, or set PHANANH_DATABASE_URL to a server of your own."
        found.append(Finding("database", "bad", f"The embedded database does not start: {error}.", advice))
    found += await guarded("object store", photo_store(settings))
    found += await guarded("bot", chat_bot(settings, open_bot))
    if settings.zalo_bot is not None:
        found += await guarded("zalo bot", zalo_bot(settings.zalo_bot))
    found += await guarded("e-mail", mail_server(settings))
    found += await guarded("photos", photos())
    found += space(settings.home)
    return found
