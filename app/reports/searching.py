"""SQL of the text that a search looks through."""


def searched(given: str) -> str:
    """What a search looks through from now on: what is given, with the number that the report had elsewhere; without
    anything given what it was."""
    number = "coalesce((SELECT ' ' || i.search_text FROM imported_reports i WHERE i.report_id = $1), '')"
    return f"CASE WHEN {given} IS NULL THEN search_text ELSE {given} || {number} END"
