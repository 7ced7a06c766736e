"""One PDF, opened in a process of its own: strangers' bytes come on standard input, one line of JSON goes back.

The process ends with the answer. Parsers of PDF are large and written in C++; here one may crash, hang or ask for all
memory without anybody else noticing.
"""

import json
import resource
import sys

import pypdfium2

_MEMORY = 768 * 1024 * 1024
_SECONDS = 15


def look(data: bytes) -> dict[str, object]:
    """``{"pages": n, "longest": points}`` or ``{"refused": "locked" | "damaged"}``."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        return {"refused": "locked" if "password" in str(error).lower() else "damaged"}
    pages = len(document)
    longest = max((side for at in range(min(pages, 1000)) for side in document.get_page_size(at)), default=0.0)
    return {"pages": pages, "longest": longest}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would leave the document on the disk
    sys.stdout.write(json.dumps(look(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
