"""A place chosen on our map page, which came into the inbox by itself: the same in every channel."""

import msgspec

from app.pins import PAYLOAD, Pin
from bot.conversation.channel import Heard, Person, Update
from bot.conversation.model import Incoming


def pinned(update: Update, bot: str) -> Heard | None:
    """What was chosen; None for everything that a channel has brought."""
    if not isinstance(update.content, dict) or PAYLOAD not in update.content:
        return None
    pin = msgspec.convert(update.content[PAYLOAD], Pin)
    point = (pin.lat, pin.lon) if pin.lat is not None and pin.lon is not None else None
    said = Incoming(key=f"{bot}:{update.update_id}", point=point, text="" if point else pin.address)
    # Who it is stands in the draft already, without which the pin is for nothing.
    return Heard(Person(update.chat_id, "", pin.lang), said, draft_id=pin.draft_id)
