"""Telegram, a thin adapter of ``bot.conversation`` over python-telegram-bot.

receive.py  an Update becomes what the dialogue understands      client.py  the library's Bot, and what its errors mean
send.py     replies and notifications become messages            app.py     long polling, the webhook, the menu
"""

import os

# The library's times become timedeltas; without this it warns at every answer that names one.
os.environ.setdefault("PTB_TIMEDELTA", "true")
