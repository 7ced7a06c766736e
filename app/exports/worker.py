"""One file written by a process of its own: what to write and then the rows come on standard input, each message with
its length before it, and an empty one says that all have come.

Writing a workbook holds a processor for seconds, and a library for Parquet stays in memory for good; here both end with
the file. The process gets none of our environment and may use so much memory and time.
"""

import resource
import struct
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

import msgspec

from app.exports.columns import Row
from app.exports.formats import FORMATS
from app.exports.model import Making

LENGTH = struct.Struct(">I")
_MEMORY = 4 << 30
"""Of address space; what is used is a twentieth of it."""
_SECONDS = 600


def messages(source: BinaryIO) -> Iterator[bytes]:
    """Raises EOFError when whoever writes has gone before the end."""
    while True:
        head = source.read(LENGTH.size)
        if len(head) < LENGTH.size:
            raise EOFError
        (length,) = LENGTH.unpack(head)
        if not length:
            return
        body = source.read(length)
        if len(body) < length:
            raise EOFError
        yield body


def framed(message: bytes) -> bytes:
    return LENGTH.pack(len(message)) + message


def _rows(source: Iterator[bytes]) -> Iterator[list[Row]]:
    decode = msgspec.msgpack.Decoder(list[list[str | int | None]]).decode
    for message in source:
        yield decode(message)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would leave the reports on the disk
    source = messages(sys.stdin.buffer)
    making = msgspec.msgpack.decode(next(source), type=Making)
    import_module(FORMATS[making.format].module).write(making, _rows(source), Path(sys.argv[1]))


def _complain(error: Exception) -> str:
    """Where and what, without what the error says: that may be a citizen's words."""
    return "".join([*traceback.format_tb(error.__traceback__), type(error).__name__])


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(_complain(error))
