"""Zalo's twins: a Zalo Bot's server and an Official Account's, beside Telegram's and made of the same parts.

People, chats, messages, faults, holds and calls are ``Simulator``'s, and a message lies in a chat in the same JSON, so
page and ``SimUser`` play all three alike. Only the two doors to the bot are other ones: what goes in (``events.py``)
and what is called (``bot_http.py``, ``oa_http.py``).
"""
