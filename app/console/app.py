"""The staff's pages as one application of their own: every route, one place for failures, one guard at the door."""

from litestar import Litestar
from litestar.datastructures import State

from app.accounts.directory import Agencies
from app.accounts.oidc import Provider
from app.addresses import SIGN_INS, Limiter
from app.console import (
    absence,
    account,
    account_channels,
    account_push,
    assets,
    bulk,
    case_acts,
    case_files,
    case_page,
    case_presence,
    chats,
    dashboard,
    dashboard_list,
    desk,
    desk_decisions,
    directions,
    entrance,
    escalation,
    exports,
    exports_files,
    field,
    field_install,
    hotline,
    hotspots,
    insight,
    merge,
    notices,
    opendata,
    partner_mapping,
    partners,
    publish,
    queue,
    queue_saved,
    reporter,
    rules_candidate,
    rules_in_force,
    rules_misrouted,
    rules_try,
    schedules,
    second_factor,
    split,
    sso,
    staff_account,
    staff_import,
    staff_list,
    staff_record,
    system,
    system_calendar,
    system_words,
    templates,
    wall,
    webhooks,
)
from app.console.candidates import Checks
from app.console.context import BASE, Console
from app.console.failures import HANDLERS
from app.console.guard import admit
from app.console.replays import Replays
from app.wiring import Parts


def console_app(parts: Parts, *, cookie: str, secure: bool, sign_ins: Limiter | None = None) -> Litestar:
    """``cookie``: the name of the session's cookie, and ``sign_ins``: what counts them; shared with the staff API."""
    rules = [*rules_in_force.ROUTES, *rules_try.ROUTES, *rules_candidate.ROUTES, *rules_misrouted.ROUTES]
    staff = [*staff_list.ROUTES, *staff_account.ROUTES, *staff_import.ROUTES, *staff_record.ROUTES]
    oidc = parts.settings.oidc
    provider = Provider(oidc, f"{parts.settings.public_url}{sso.CALLBACK}") if oidc else None
    counted = sign_ins or Limiter(limit=SIGN_INS)
    here = Console(parts, cookie, secure, counted, Replays(), Checks(), Agencies(parts.pool), provider)
    return Litestar(
        [
            *assets.ROUTES,
            *entrance.ROUTES,
            *second_factor.ROUTES,
            *sso.ROUTES,
            *account.ROUTES,
            *chats.ROUTES,
            *case_page.ROUTES,
            *case_files.ROUTES,
            *case_acts.ROUTES,
            *case_presence.ROUTES,
            *absence.ROUTES,
            *publish.ROUTES,
            *merge.ROUTES,
            *split.ROUTES,
            *notices.ROUTES,
            *escalation.ROUTES,
            *account_channels.ROUTES,
            *account_push.ROUTES,
            *directions.ROUTES,
            *exports.ROUTES,
            *exports_files.ROUTES,
            *bulk.ROUTES,
            *insight.ROUTES,
            *queue.ROUTES,
            *queue_saved.ROUTES,
            *field.ROUTES,
            *field_install.ROUTES,
            *system.ROUTES,
            *system_words.ROUTES,
            *webhooks.ROUTES,
            *partners.ROUTES,
            *partner_mapping.ROUTES,
            *system_calendar.ROUTES,
            *dashboard.ROUTES,
            *dashboard_list.ROUTES,
            *opendata.ROUTES,
            *desk.ROUTES,
            *desk_decisions.ROUTES,
            *templates.ROUTES,
            *wall.ROUTES,
            *schedules.ROUTES,
            *hotline.ROUTES,
            *hotspots.ROUTES,
            *reporter.ROUTES,
            *rules,
            *staff,
        ],
        path=BASE,
        guards=[admit],
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
        state=State({"console": here}),
    )
