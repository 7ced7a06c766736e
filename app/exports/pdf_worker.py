"""The administrative report set as PDF by a process of its own: JSON on standard input, the PDF on standard output.

It is data to typst, never code. No time of making goes in, no font of the machine: the same figures give the same bytes.
"""

import sys
from pathlib import Path

import typst

from app.press import confine

_SOURCE = Path(__file__).with_name("report.typ")


def render(data: str) -> bytes:
    pdf = typst.compile(
        str(_SOURCE),
        root=str(_SOURCE.parent),
        ignore_system_fonts=True,
        sys_inputs={"data": data},
    )
    assert isinstance(pdf, bytes)
    return pdf


def main() -> None:
    confine()
    sys.stdout.buffer.write(render(sys.stdin.buffer.read().decode()))


if __name__ == "__main__":
    main()
