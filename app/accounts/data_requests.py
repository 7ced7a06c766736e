"""What a person may ask for by law about their data (Luật 91/2025/QH15, Nghị định 356/2025/NĐ-CP): acknowledged within
two working days, erased within twenty days. Consent is withdrawn at once; the rest is an administrator's work.
"""

from uuid import UUID

from app.db import Conn


async def request_erasure(conn: Conn, citizen_id: UUID) -> None:
    """Withdraw consent and keep the request to be erased. Asking again while one is open changes nothing."""
    await conn.execute(
        """
        WITH withdrawn AS (UPDATE citizens SET consent_version = NULL, consent_at = NULL WHERE citizen_id = $1)
        INSERT INTO data_requests (citizen_id, kind) VALUES ($1, 'erase') ON CONFLICT DO NOTHING
        """,
        citizen_id,
    )
