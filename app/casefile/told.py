"""Which facts of a report's history citizens are told."""

from app.history.model import Kind

PUBLIC = frozenset(
    {
        Kind.SUBMITTED,
        Kind.RECEIVED,
        Kind.ASSIGNED,
        Kind.STARTED,
        Kind.ASKED,
        Kind.RESUMED,
        Kind.RETURNED,
        Kind.TRANSFERRED,
        Kind.PROGRESS,
        Kind.EXTENSION_GRANTED,
        Kind.RESOLVED,
        Kind.DISPUTED,
        Kind.CLOSED,
        Kind.REOPENED,
        Kind.REJECTED,
        Kind.MERGED,
        Kind.UNMERGED,
        Kind.WITHDRAWN,
        Kind.SPLIT,
        Kind.PART_ENDED,
        Kind.PART_REOPENED,
    }
)
"""Anybody, of a public report."""
REPORTER = PUBLIC | {
    Kind.INFO_ADDED,
    Kind.PHOTOS_ADDED,
    Kind.RATED,
    Kind.PUBLISHED,
    Kind.UNPUBLISHED,
    # Whoever looks up a reporter's identity is known to the reporter, too.
    Kind.IDENTITY_VIEWED,
    Kind.DATA_ERASED,
    Kind.URGENCY_SET,
    Kind.DEADLINE_RECOMPUTED,
}
"""Its own reporter."""
HANDED_OUT = PUBLIC | {Kind.INFO_ADDED, Kind.PHOTOS_ADDED, Kind.RATED}
"""Whoever is given a copy on paper, to mend the matter or to answer for it."""
