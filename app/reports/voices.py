"""How many people stand behind a report, as a piece of SQL for whoever lists reports."""


def voices_of(report_id: str) -> str:
    """A number: the report's reporter, its followers, and those of every report merged into it, each person once.

    ``report_id`` is a column or a parameter. Nearly every report has nothing merged into it; then it is its followers
    and one, and the walk through the family is spared. (Nobody follows a report of their own.)
    """
    return f"""CASE WHEN EXISTS (SELECT FROM reports m WHERE m.duplicate_of = {report_id}) THEN (
        WITH RECURSIVE family (report_id) AS (
            SELECT {report_id} UNION SELECT m.report_id FROM family f JOIN reports m ON m.duplicate_of = f.report_id
        )
        SELECT count(DISTINCT who) FROM (
            SELECT coalesce(citizen_id, report_id) AS who FROM family JOIN report_contacts USING (report_id)
            UNION ALL SELECT citizen_id FROM family JOIN report_followers USING (report_id)
        ) AS people
    ) ELSE 1 + (SELECT count(*) FROM report_followers f WHERE f.report_id = {report_id}) END"""  # noqa: S608  # names of our own
