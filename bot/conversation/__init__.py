"""The dialogue with citizens, the same in every chat channel.

    model.py       what comes in and what goes out          draft.py      what is kept between two messages
    intents.py     short words with a meaning of their own  turn.py       one message being answered
    dialogue.py    the way through it: ``converse``         questions.py  what is still missing, asked one at a time
    filling.py     words, photos and corrections            places.py     where it is
    own.py         reports that were sent: follow, answer, rate
    presses.py     what each button does                    wishes.py     what the dialogue needs done

All of these are pure: no database, no network, no clock. ``converse`` is a generator that gives wishes and takes their
outcomes. ``fulfilment.py`` does what is wished for, ``service.py`` works an update off, ``store.py`` keeps inbox,
drafts and outbox, ``outbox.py`` sends, ``runner.py`` does one thing after the other in each chat and many chats
at once. A channel is ``channel.py``'s protocol.
"""
