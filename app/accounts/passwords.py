"""Passwords: which are good enough, and their Argon2id hashes, made and checked off the event loop.

Parameters: OWASP's Password Storage Cheat Sheet asks for at least 19 MiB and 2 passes with one lane; we take 3 passes.
More memory would help more, but an API process must fit a province's old server: at most ``THREADS`` x 19 MiB at once.
"""

import asyncio
import base64
import math
import re
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from app.errors import Problem, TooMany
from app.i18n.text import fold

MIN_LENGTH, MAX_LENGTH = 12, 128
OWN_CHARACTERS, OWN_DISTINCT = 8, 5
GUESSES = 9  # as a power of ten: what a guessing program with lists of leaked passwords must need at least
_JUDGED = 48  # more than enough to tell; a judgement of many equal letters takes long
MEMORY_KIB, PASSES, LANES = 19 * 1024, 3, 1
THREADS = 2
IN_LINE = 64  # about two to six seconds of work; whoever comes later is asked to come back

_ARGON2 = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16)
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads like something else: no i, l, o, 0, 1

# Words that guessing programs try first here, folded. A password may contain them; they just do not count.
_COMMON = """
    matkhau taikhoan dangnhap password passwd admin administrator quantri quantrivien root user login welcome letmein
    secret master default changeme test demo guest temp qwerty iloveyou anhyeuem emyeuanh yeuem yeuanh tinhyeu giadinh
    conyeu bomeyeu maimai khongbiet khongco xinchao vietnam hanoi saigon hochiminh danang camau baclieu canbo congan
    thang ngay muaxuan muahe muathu muadong thienthan vnpt viettel vneid dichvucong chuyendoiso concocongcon
    congchuc lanhdao dieuphoi hientruong phananh phuong huyen tinh ubnd hdnd chinhquyen nguyen hoang dragon monkey
    football baseball sunshine princess superman batman pokemon shadow michael charlie manutd chelsea liverpool
    1022 abc123 a1b2c3
""".split()  # noqa: SIM905  # as a list it would be eighty lines
_LEET = str.maketrans("@4301!5$7", "aaeoiisst")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
_RUNS = (*_ROWS, *(row[::-1] for row in _ROWS))
_DATES = re.compile(r"(?:0[1-9]|[12]\d|3[01])/?(?:0[1-9]|1[0-2])/?(?:19|20)?\d\d|(?:19|20)\d\d")

NONE = "!"
"""In place of a hash: no password opens this account until one is set."""

T = TypeVar("T")


def generate() -> str:
    """A password to be read aloud or typed from paper: four groups of four, 79 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


def _own(password: str, personal: str) -> str:
    """The characters that are left of a password without common and personal words, runs, dates and years."""
    text = re.sub(r"[\s._-]", "", fold(password))
    counts = [True] * len(text)
    personal_words = [word for word in re.split(r"[^a-z0-9]+", fold(personal)) if len(word) >= 3]
    for form in (text, text.translate(_LEET)):
        for word in (*_COMMON, *personal_words):
            for found in re.finditer(re.escape(word), form):
                counts[found.start() : found.end()] = [False] * len(word)
    for found in _DATES.finditer(text):
        counts[found.start() : found.end()] = [False] * (found.end() - found.start())
    for i in range(len(text) - 2):
        three = text[i : i + 3]
        if len(set(three)) == 1 or any(three in run for run in _RUNS):
            counts[i : i + 3] = [False] * 3
    return "".join(c for c, own in zip(text, counts, strict=True) if own)


def _canonical(password: str) -> str:
    """One form whatever the keyboard: Vietnamese input methods send the same letter composed or in parts.

    What is beyond the longest password matters to nobody and would only cost time.
    """
    return unicodedata.normalize("NFKC", password[: 4 * MAX_LENGTH])


def weakness(password: str, personal: str = "") -> Problem | None:
    """Why a password is refused, or None. ``personal`` are words about its owner: user name, full name.

    NIST SP 800-63B: length and a list of what is guessed first, no rules about kinds of characters.
    """
    password = _canonical(password)
    if len(password) < MIN_LENGTH:
        return Problem("accounts.password_short", {"minimum": MIN_LENGTH}, "password")
    if len(password) > MAX_LENGTH:
        return Problem("accounts.password_long", {"maximum": MAX_LENGTH}, "password")
    if not any(c.isalpha() for c in password):
        return Problem("accounts.password_digits", field="password")  # phone and identity card numbers
    own = _block(_own(password, personal))
    if len(own) < OWN_CHARACTERS or len(set(own)) < OWN_DISTINCT or _guessed(password, personal):
        return Problem("accounts.password_weak", field="password")
    return None


def _block(text: str) -> str:
    """The part that a text repeats, or the text itself: writing something twice makes it no better."""
    period = (text + text).find(text, 1)
    return text[:period] if period > 0 else text


def _guessed(password: str, personal: str) -> bool:
    """Whether a program that knows leaked passwords, first names and English words guesses it soon."""
    # Its lists take 13 MB, which only a process that is given a new password need carry.
    from zxcvbn import zxcvbn

    told = zxcvbn(password[:_JUDGED], user_inputs=personal.split())
    return math.log10(told["guesses"]) < GUESSES


def _bytes(password: str) -> bytes:
    # A browser can send half a surrogate pair; that is a wrong password, not a crash.
    return _canonical(password).encode(errors="surrogatepass")


def _nobodys() -> str:
    """A hash that no password has, as costly to check as a real one."""
    salt, digest = (base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"


_NOBODYS = _nobodys()


def _check(stored: str | None, password: str) -> bool:
    usable = stored is not None and stored.startswith("$argon2id$")
    try:
        _ARGON2.verify(stored if stored and usable else _NOBODYS, _bytes(password))
    except VerificationError:
        return False
    return usable


def outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _ARGON2.check_needs_rehash(stored)


class Hasher:
    """Hashes in threads of its own: bounded at work (memory) and in line (time). ``done`` counts finished hashes."""

    def __init__(self, threads: int = THREADS, in_line: int = IN_LINE) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._room = threads + in_line
        self.done = 0

    async def _run(self, work: Callable[[], T]) -> T:
        if self._room == 0:
            raise TooMany("accounts.busy", retry_after=5)
        self._room -= 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(self._leave)
        return await future

    def _leave(self, _: object) -> None:
        self._room += 1
        self.done += 1

    async def hash(self, password: str) -> str:
        """Raises TooMany when the line is full."""
        return await self._run(lambda: _ARGON2.hash(_bytes(password)))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password has this hash. Without a hash it takes the same time and is False. Raises TooMany."""
        return await self._run(lambda: _check(stored, password))


HASHER = Hasher()
