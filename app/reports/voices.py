"""How many people stand behind a report, as a piece of SQL for whoever lists reports."""

VOICES = """
    family (root, report_id) AS (
        SELECT report_id, report_id FROM page
        UNION ALL SELECT f.root, r.report_id FROM family f JOIN reports r ON r.duplicate_of = f.report_id
    ),
    voices (report_id, voices) AS (
        SELECT root, count(DISTINCT who) FROM (
            SELECT root, coalesce(citizen_id, report_id) AS who FROM family JOIN report_contacts USING (report_id)
            UNION ALL SELECT root, citizen_id FROM family JOIN report_followers USING (report_id)
        ) AS heard GROUP BY root
    )"""
"""How many people stand behind each report of the relation ``page``: its reporter, its followers, and those of every
report merged into it, each person once. For WITH RECURSIVE."""
