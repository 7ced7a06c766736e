"""Two versions of a text held against each other, word by word."""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from markupsafe import Markup, escape

_WORDS = re.compile(r"\S+\s*|\s+")
_PAIRS_MOST = 20_000
"""Of a word here with the same word there. The time that it takes grows with them, and somebody may write the same
words over and over to make it long."""
_Step = tuple[str, int, int, int, int]


def marked(before: str, after: str) -> tuple[Markup, Markup]:
    """Both texts: what only the first one says in ``<del>``, what only the second one says in ``<ins>``."""
    ours, theirs = _WORDS.findall(before), _WORDS.findall(after)
    left, right = Markup(), Markup()
    for what, i, j, k, m in _steps(ours, theirs):
        gone, new = "".join(ours[i:j]), "".join(theirs[k:m])
        left += escape(gone) if what == "equal" or not gone else Markup("<del>{}</del>").format(gone)
        right += escape(new) if what == "equal" or not new else Markup("<ins>{}</ins>").format(new)
    return left, right


def _steps(ours: Sequence[str], theirs: Sequence[str]) -> Sequence[_Step]:
    """How the one becomes the other; of what repeats itself too often only from the first difference to the last."""
    times = Counter(ours)
    if sum(times[word] for word in theirs) <= _PAIRS_MOST:
        return SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    shorter = min(len(ours), len(theirs))
    first = next((at for at in range(shorter) if ours[at] != theirs[at]), shorter)
    last = next((at for at in range(shorter - first) if ours[-1 - at] != theirs[-1 - at]), shorter - first)
    i, k = len(ours) - last, len(theirs) - last
    return [
        ("equal", 0, first, 0, first),
        ("replace", first, i, first, k),
        ("equal", i, len(ours), k, len(theirs)),
    ]
