"""Two versions of a text held against each other, word by word."""

import re
from difflib import SequenceMatcher

from markupsafe import Markup, escape

_WORDS = re.compile(r"\S+\s*|\s+")


def marked(before: str, after: str) -> tuple[Markup, Markup]:
    """Both texts: what only the first one says in ``<del>``, what only the second one says in ``<ins>``."""
    ours, theirs = _WORDS.findall(before), _WORDS.findall(after)
    left, right = Markup(), Markup()
    for what, i, j, k, m in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        gone, new = "".join(ours[i:j]), "".join(theirs[k:m])
        left += escape(gone) if what == "equal" or not gone else Markup("<del>{}</del>").format(gone)
        right += escape(new) if what == "equal" or not new else Markup("<ins>{}</ins>").format(new)
    return left, right
