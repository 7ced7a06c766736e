"""Local servers of Telegram and Zalo: the twins that tests and the demo speak to.

The real, unmodified python-telegram-bot talks to it over HTTP (``/bot<token>/<method>``, ``/file/bot<token>/<path>``);
people and tests play the citizens over ``/sim/…`` or on the chat page at ``/``. Everything is kept in memory and
bounded. It binds the loopback interface only and is never mounted where a real token is set.

    core.py       people, chats, messages, faults            actor.py       what a person in a chat does
    dispatch.py   one call of the bot, recorded and held     methods/       the Bot API's methods by theme
    params.py     reading a call's parameters                markup.py      keyboards
    text.py       lengths, HTML, entities                    files.py       uploaded bytes and photo sizes
    updates.py    update queue, long poll, webhook state     webhook.py     delivery to a webhook
    bot_http.py   the bot's side over HTTP                   sim_http.py    the people's side over HTTP
    page.py       the chat page, with samples and places     sim_control.py faults, holds and calls over HTTP
    client.py     ``SimClient`` for tests                    server.py      create_app, running, run
    zalo/         a Zalo Bot's and an Official Account's twins, under ``/zalo-bot`` and ``/zalo-oa``
"""
