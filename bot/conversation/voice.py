"""A voice message, kept beside the words of the report in the making. Only coordinators hear it: words are needed."""

import msgspec

from app.reports.model import SOUNDS_MAX
from app.sounds.service import StoredSound
from bot.conversation import filling, questions, wishes
from bot.conversation.intents import code_in
from bot.conversation.turn import Turn
from bot.conversation.wishes import Talk


def take(turn: Turn, sound: StoredSound) -> Talk:
    """Keep it. An answer to an officer must be typed: officers do not hear who reports."""
    answering = turn.draft.elsewhere or code_in(turn.incoming.reply_to)
    if answering or (not turn.draft.begun and (yield from wishes.waiting())):
        turn.note("cannot_use_voice")
    else:
        _keep(turn, sound)
    if turn.incoming.text:
        turn.incoming = msgspec.structs.replace(turn.incoming, sound=None)
        yield from filling.take_content(turn)
    elif turn.draft.elsewhere:
        yield from filling.go_on_elsewhere(turn)
    elif turn.draft.begun:
        questions.ask_next(turn)
    else:
        turn.say_text("")


def _keep(turn: Turn, sound: StoredSound) -> None:
    if len(turn.draft.sounds) >= SOUNDS_MAX:
        turn.note("voice_full", most=SOUNDS_MAX)
        return
    if sound.sha256 not in {kept.sha256 for kept in turn.draft.sounds}:
        turn.change(sounds=(*turn.draft.sounds, sound))
    turn.note("voice_kept")
