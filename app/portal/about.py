"""What people ask first, and what becomes of their data, in plain words."""

from litestar import Response, get

from app.portal.context import Req, lang_of, open_to, portal, site_policy
from app.portal.render import show


@get("/faq", **open_to("anyone"))
async def faq(request: Req) -> Response[bytes]:
    """The times are those of the rules in force."""
    lang, rules = lang_of(request), portal(request).parts.rules
    centre, limits = rules.agencies[rules.coordinator_id], rules.deadlines
    return show(
        lang,
        "faq.html.j2",
        headers=site_policy(request),
        here="/faq",
        centre=(centre.name_en if lang == "en" else "") or centre.name,
        handling={urgency: limit.words(lang) for urgency, limit in limits.handling.items()},
        intake={
            "working_days": limits.intake.working_days.words(lang),
            "days_off": (limits.intake.days_off or limits.intake.working_days).words(lang),
        },
    )


@get("/privacy", **open_to("anyone"))
async def privacy(request: Req) -> Response[bytes]:
    return show(lang_of(request), "privacy.html.j2", headers=site_policy(request), here="/privacy")


ROUTES = [faq, privacy]
