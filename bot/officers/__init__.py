"""Staff at work in a chat: their group's and their own. Channel-neutral, like ``bot.conversation``."""
