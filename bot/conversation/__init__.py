"""The dialogue with citizens, the same in every chat channel.

    model.py       what comes in and what goes out          draft.py      what is kept between two messages
    intents.py     short words with a meaning of their own  turn.py       one message being answered
    dialogue.py    the way through it: ``converse``         questions.py  what is still missing, asked one at a time
    filling.py     words, photos and corrections            places.py     where it is
    purpose.py     what only seems to begin a report        voice.py      a voice message beside the words
    extra.py       a category's extra questions             joining.py    somebody else's report of the same matter
    own.py         reports that were sent: follow, answer, rate
    settings.py    muting, linking chats                    rights.py     what is held about a person
    presses.py     what each button does                    wishes.py     what the dialogue needs done

All of these are pure: no database, no network, no clock. ``converse`` is a generator that gives wishes and takes their
outcomes. ``fulfilment.py`` does what is wished for, with ``neighbours.py`` and ``linking.py``. ``service.py`` works an
update off, after ``pace.py`` has judged how fast the chat talks; ``pin.py`` reads what our map page has put into the
inbox. ``store_inbox.py`` keeps the inbox, ``store.py`` drafts and outbox. ``outbox.py`` sends, ``runner.py`` does one
thing after the other in each chat and many chats at once. A channel is ``channel.py``'s protocol.
"""
