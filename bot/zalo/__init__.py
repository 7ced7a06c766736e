"""Zalo, two thin adapters of ``bot.conversation``: a Zalo Bot and an Official Account (OA), two different platforms.

receive.py    what is brought becomes what the dialogue understands
text.py       choices as numbers, long words in pieces               window.py    when, and how often, an OA may write
bot_api.py    a Zalo Bot's calls          oa_api.py    an OA's calls, buttons and errors
channel.py    both as the dialogue sees them                          send.py      both as notifications see them
tokens.py     an OA's keys, which change at each renewal              signature.py proof that Zalo brings it
http.py       the client, and what a broken connection means          app.py       their lines into the bot's process

Where facts of Zalo's are uncertain (shapes wrapped or not, numbers as text, a picture under two names) both are taken.
"""
