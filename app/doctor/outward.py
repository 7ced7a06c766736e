"""What goes out to other systems: partners' servers and webhooks."""

from app.db import Conn
from app.doctor.finding import Finding, Findings
from app.partners import store as partners
from app.webhooks import store as webhooks

_LATE, _FAILING = 600.0, 3600.0  # seconds


async def of_partners(conn: Conn) -> Findings:
    """Nothing where there are none."""
    every = await partners.health(conn)
    found = []
    for one in every:
        if one.person:
            says = f"{_many(one.person)} reports for {one.name} wait for a person."
            found.append(Finding("partners", "warn", says, "Decide about them at /console/partners."))
        if one.active and one.failing > _FAILING:
            says = f"{one.name} has not answered for {one.failing / 3600:.0f} hours; {_many(one.queued)} reports wait."
            found.append(Finding("partners", "warn", says, "See /console/partners for what it says; ask the partner."))
        elif one.active and one.late > _LATE and not one.failing:
            says = f"Reports for {one.name} should have been sent {one.late / 60:.0f} minutes ago."
            found.append(Finding("partners", "bad", says, "See whether the worker runs, and its log."))
    if found or not every:
        return found
    return [Finding("partners", "ok", f"Nothing of {len(every)} partners waits longer than it should.")]


async def of_webhooks(conn: Conn) -> Findings:
    """Nothing where there are none."""
    every = await webhooks.health(conn)
    found = []
    for one in every:
        if one.state == "disabled":
            says = f"{one.name} was switched off, for nothing had reached it."
            found.append(
                Finding("webhooks", "warn", says, "Mend the receiver, switch it on at /console/webhooks, replay.")
            )
        elif one.failing > _FAILING:
            says = (
                f"Nothing has reached {one.name} for {one.failing / 3600:.0f} hours; {_many(one.queued)} messages wait."
            )
            found.append(Finding("webhooks", "warn", says, "See /console/webhooks for its answers; ask the receiver."))
        elif one.state == "active" and one.late > _LATE and not one.failing:
            says = f"Messages for {one.name} should have been sent {one.late / 60:.0f} minutes ago."
            found.append(Finding("webhooks", "bad", says, "See whether the worker runs, and its log."))
        elif one.given_up:
            says = f"{_many(one.given_up)} messages for {one.name} were given up within a day."
            found.append(Finding("webhooks", "warn", says, "See the ledger at /console/webhooks; replay them."))
    if found or not every:
        return found
    return [Finding("webhooks", "ok", f"Nothing of {len(every)} webhooks waits longer than it should.")]


def _many(count: int) -> str:
    return "more than 1,000" if count > 1_000 else f"{count:,}"
