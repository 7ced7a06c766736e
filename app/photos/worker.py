"""One worker process of the lab: photos come in over a socket on standard input, answers go back over it.

It sends ``READY`` once it can work. Frames are eight bytes of length, big-endian, and that many bytes: a photo as it
was uploaded, or a ``Pair`` or a ``Redaction`` in msgpack, told apart by one byte before the length; a ``Reply`` in
msgpack.
The process ends when the socket does, so it never outlives its parent, however that ended.
"""

import fcntl
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from app.errors import Invalid
from app.photos.card import drawn
from app.photos.model import CARD, PAIR, READY, REDACT, Card, Done, Drawn, Pair, Paired, Redaction, Refusal, Reply
from app.photos.pair import side_by_side
from app.photos.pipeline import prepare, redact

# The worst honest photo, a WebP of 50 megapixels, takes 0.8 GiB. Beyond, allocation fails and the photo is refused.
_MEMORY = 1536 * 1024 * 1024


def answer(kind: bytes, data: bytes, lock: int) -> Reply:
    try:
        if kind == PAIR:
            pair = msgspec.msgpack.decode(data, type=Pair)
            return Paired(side_by_side(pair.before, pair.after, pair.lang))
        if kind == CARD:
            return Drawn(drawn(msgspec.msgpack.decode(data, type=Card)))
        if kind == REDACT:
            wanted = msgspec.msgpack.decode(data, type=Redaction)
            return Done(redact(wanted.data, wanted.boxes, _alone(lock)))
        return Done(prepare(data, _alone(lock)))
    except Invalid as error:
        return Refusal(error.key, error.problems[0].params)


@contextmanager
def _alone(lock: int) -> Iterator[None]:
    """One process at a time; the kernel opens the lock again when its holder dies."""
    fcntl.lockf(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(lock, fcntl.LOCK_UN)


def main(lock: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides when we end
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would leave citizens' photos on the disk
    encoder = msgspec.msgpack.Encoder()
    with socket.socket(fileno=0) as parent, parent.makefile("rb") as stream:
        parent.sendall(READY)
        while len(head := stream.read(9)) == 9:
            reply = encoder.encode(answer(head[:1], stream.read(int.from_bytes(head[1:], "big")), lock))
            parent.sendall(len(reply).to_bytes(8, "big"))
            parent.sendall(reply)


if __name__ == "__main__":
    main(int(sys.argv[1]))
