"""Composing: choose a signal, fill its sheet, see who is reached, keep it or send it for approval."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from contracts.values import AreaSelection, Level, Mode
from services.issuer import actions, store
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.catalogue import SIGNAL, Signal
from services.issuer.desk import sheet as sheets
from services.issuer.desk import shelf, trial
from services.issuer.desk.anchors import ANCHORS
from services.issuer.desk.hints import below
from services.issuer.desk.page import fragment, page, summary, wording
from services.issuer.desk.parts import DeskParts
from services.issuer.desk.places import Gazetteer
from services.issuer.desk.reading import read
from services.issuer.desk.sheet import Sheet
from services.issuer.desk.times import typed
from services.issuer.desk.trial import Trial
from services.issuer.model import Changed, Content, Kind, Person, State, WeatherWarning, Wish
from services.kit.errors import Invalid, Problem, Refused, Retry
from services.kit.identity import needs
from services.kit.pages import language_of

DESK = ("drafter", "checker", "signer")
router = APIRouter(include_in_schema=False, dependencies=[Depends(needs(*DESK))])

FRAGMENTS = ("reach", "understood", "others", "looks", "length")
"""The parts of the page that follow what is typed."""

Hazard = Annotated[str, Query(max_length=5)]
Word = Annotated[str, Query(max_length=40)]


@router.get("/warnings/new")
async def show_new(
    request: Request,
    parts: IssuerParts,
    desk: DeskParts,
    mode: Mode = Mode.LIVE,
    hazard: Hazard = "",
    level: Level | None = None,
    product: Word = SIGNAL,
    department: Word = "",
    like: UUID | None = None,
) -> HTMLResponse:
    """Offer the signals and products, or the sheet of the one that was chosen, or of one like another."""
    if like is not None:
        return await _like(request, parts, desk, mode, like, level)
    if not hazard or level is None:
        async with parts.db.read() as connection:
            proposals = await store.proposals.waiting(connection, parts.db.clock.now())
        return page("signals.html", request=request, parts=parts, mode=mode, proposals=proposals)
    department = department or next(iter(parts.catalogue.products.get(product).departments), "")
    signal = parts.catalogue.issuable(hazard, level, product, department)
    now, language = parts.db.clock.now(), language_of(request)
    sheet = sheets.fresh(signal, mode, now, language, product, department)
    return await _show(request, parts, desk, signal, sheet)


async def _like(
    request: Request, parts: Parts, desk: DeskParts, mode: Mode, like: UUID, level: Level | None
) -> HTMLResponse:
    """Show the sheet of the same again: its area, its texts made anew for the colour, its times from now."""
    async with parts.db.read() as connection:
        base = (await store.warnings.get(connection, like)).content
    signal = parts.catalogue.issuable(base.hazard, level or base.level, base.product, base.department)
    now, language = parts.db.clock.now(), language_of(request)
    return await _show(request, parts, desk, signal, sheets.like(base, signal, mode, now, language))


@router.get("/warnings/{warning_id}/edit")
async def show_draft(
    request: Request, warning_id: UUID, parts: IssuerParts, desk: DeskParts, level: Level | None = None
) -> Response:
    """Show the sheet of a draft, in another colour when one is asked for; what is no draft shows its face."""
    async with parts.db.read() as connection:
        warning = await store.warnings.get(connection, warning_id)
    content = warning.content
    if warning.state is not State.DRAFT:
        return RedirectResponse(f"/warnings/{warning_id}", status_code=303)
    signal = _signal_of(parts, content)
    sheet = sheets.of_content(content, signal, warning.version, language_of(request))
    if level is not None and level in signal.hazard.levels:
        signal = parts.catalogue.issuable(content.hazard, level, content.product, content.department)
        sheet = sheets.recoloured(sheet, signal, sheets.defaults(_signal_of(parts, content)))
    return await _show(request, parts, desk, signal, sheet, warning=warning)


@router.post("/warnings/new/try")
@router.post("/warnings/{warning_id}/edit/try")
async def try_out(
    request: Request, parts: IssuerParts, desk: DeskParts, warning_id: UUID | None = None
) -> JSONResponse:
    """Return what the form would become, for the script that shows it while people type."""
    warning = await _draft(parts, warning_id) if warning_id else None
    signal, sheet = await _sent(request, parts, warning)
    gazetteer = await desk.places.gazetteer()
    tried = await trial.attempt(parts, sheet, signal, gazetteer, warning)
    shown = _shown(parts, desk, signal, tried, gazetteer) | {
        "seen": await trial.look(parts, desk.looks, tried)
    }
    return JSONResponse(_answer(request, parts, tried, shown))


@router.post("/warnings/new")
@router.post("/warnings/{warning_id}/edit")
async def take(
    request: Request, parts: IssuerParts, desk: DeskParts, by: SignedIn, warning_id: UUID | None = None
) -> Response:
    """Keep the draft, and send it for approval when that was the button; show what is wrong otherwise."""
    warning = await _draft(parts, warning_id) if warning_id else None
    signal, sheet = await _sent(request, parts, warning)
    do = (await request.form()).get("do")
    try:
        if shelf.concerns(do):
            chosen = await _area(parts, desk, signal, sheet)
            sheet = await shelf.serve(parts, by, str(do), await request.form(), sheet, chosen)
            return await _show(request, parts, desk, signal, sheet, warning=warning, shelved=str(do))
        if do == "try":
            return await _show(request, parts, desk, signal, sheet, warning=warning)
        kept = await _keep(parts, desk, by, signal, sheet, warning)
    except Changed as error:
        assert warning is not None
        later = replace(sheet, version=warning.version)
        told = await _told(request, parts, warning, sheet.version, error)
        return await _show(request, parts, desk, signal, later, warning=warning, error=told)
    except (Refused, Retry) as error:
        return await _show(request, parts, desk, signal, sheet, warning=warning, error=error)
    if do == "submit":
        try:
            await actions.submit(parts.db, parts.press, parts.reach, kept.warning_id, by, kept.version)
        except (Refused, Retry) as error:
            sheet = replace(sheet, version=kept.version)
            return await _show(request, parts, desk, signal, sheet, warning=kept, error=error, kept=True)
    return RedirectResponse(f"/warnings/{kept.warning_id}", status_code=303)


async def _area(parts: Parts, desk: DeskParts, signal: Signal, sheet: Sheet) -> AreaSelection:
    """Return the area of a sheet as it is put by: where, not whom."""
    found = read(sheet, signal, await desk.places.gazetteer(), parts.db.clock.now())
    return (found.wish.selection or AreaSelection()).model_copy(update={"groups": ()})


async def _keep(
    parts: Parts, desk: DeskParts, by: Person, signal: Signal, sheet: Sheet, warning: WeatherWarning | None
) -> WeatherWarning:
    """Keep a draft; while the router is away, with the words as they stand in the form."""
    gazetteer, now = await desk.places.gazetteer(), parts.db.clock.now()
    found = read(sheet, signal, gazetteer, now)
    if found.faults:
        raise Invalid.of(found.faults)
    try:
        return await _save(parts, by, sheet, found.wish, warning)
    except Retry:
        by_hand = read(replace(sheet, made=""), signal, gazetteer, now).wish
        if by_hand.text is None or not by_hand.text.headline:
            raise
        return await _save(parts, by, sheet, by_hand, warning)


async def _save(
    parts: Parts, by: Person, sheet: Sheet, wish: Wish, warning: WeatherWarning | None
) -> WeatherWarning:
    signature = parts.press.signature
    if warning is None:
        return await actions.draft(
            parts.db, parts.catalogue, parts.reach, mode=sheet.mode, wish=wish, by=by, signature=signature
        )
    fixed = {"hazard"} if warning.content.kind is Kind.ALERT else {"hazard", "product", "supersedes"}
    changes = {name: getattr(wish, name) for name in wish.model_fields_set - fixed}
    return await actions.edit(
        parts.db,
        parts.catalogue,
        parts.reach,
        warning_id=warning.warning_id,
        version=sheet.version,
        wish=Wish(**changes),
        by=by,
        signature=signature,
    )


async def _told(
    request: Request, parts: Parts, warning: WeatherWarning, seen: int, error: Changed
) -> Changed:
    """Return the refusal in words for people: who changed what meanwhile."""
    say = wording(request, parts)
    async with parts.db.read() as connection:
        later = await store.events.since(connection, warning, seen)
        names = {one.username: one.display_name for one in await store.people.accounts(connection)}
    did = [
        f"{names.get(one.actor, one.actor)} {say.act(one.act)} {say.note(one.act, one.note)}".strip()
        for one in later
    ]
    why = say.say("Somebody else has changed this draft meanwhile") + f": {say.listed(did)}"
    mend = say.say("your words are kept below; keep them again and they replace the newer ones")
    return Changed(why, mend=mend) if did else error


async def _draft(parts: Parts, warning_id: UUID) -> WeatherWarning:
    async with parts.db.read() as connection:
        warning = await store.warnings.get(connection, warning_id)
    if warning.state is not State.DRAFT:
        raise Refused(f"revision {warning.revision} is {warning.state}, not a draft")
    return warning


async def _sent(request: Request, parts: Parts, warning: WeatherWarning | None) -> tuple[Signal, Sheet]:
    """Return the sheet that was sent; a draft keeps its mode and hazard."""
    form = await request.form()
    try:
        mode, level = Mode(str(form.get("mode"))), Level(str(form.get("level")))
    except ValueError:
        raise Invalid("level", "is not a colour, or the mode is unknown", "choose a colour") from None
    hazard = str(form.get("hazard", ""))
    if warning is not None:
        mode, hazard = warning.content.mode, warning.content.hazard
    sheet = sheets.of_form(form, mode, hazard, level)
    if warning is not None:
        sheet = replace(sheet, product=warning.content.product)
    return parts.catalogue.issuable(hazard, level, sheet.product, sheet.department), sheet


def _signal_of(parts: Parts, content: Content) -> Signal:
    return parts.catalogue.issuable(content.hazard, content.level, content.product, content.department)


async def _show(
    request: Request,
    parts: Parts,
    desk: DeskParts,
    signal: Signal,
    sheet: Sheet,
    *,
    warning: WeatherWarning | None = None,
    error: Problem | None = None,
    kept: bool = False,
    shelved: str = "",
) -> HTMLResponse:
    gazetteer = await desk.places.gazetteer()
    async with parts.db.read() as connection:
        saved = await store.saved.all_for(connection, request.state.principal.username)
    tried = await trial.attempt(parts, sheet, signal, gazetteer, warning)
    return page(
        "compose.html",
        request=request,
        parts=parts,
        status=error.status if error else 200,
        errors=summary(error, ANCHORS) if error else [],
        kept=kept,
        shelved=shelved,
        saved=saved,
        warning=warning,
        seen=await trial.look(parts, desk.looks, tried),
        **_shown(parts, desk, signal, tried, gazetteer),
    )


def _shown(
    parts: Parts, desk: DeskParts, signal: Signal, tried: Trial, gazetteer: Gazetteer
) -> dict[str, Any]:
    content = tried.content
    return {
        "signal": signal,
        "below": list(below(signal, tried.sheet.slots)),
        "unit_cost": desk.sms_unit_cost,
        "gazetteer": gazetteer,
        "cut": [one.cut for one in tried.panel.answer.clipped] if tried.panel else [],
        "mode": tried.sheet.mode,
        "sheet": tried.sheet,
        "tried": tried,
        "panel": tried.panel,
        "content": content,
        "length": trial.length(content, parts.press.signature) if content else None,
        "defaults": sheets.defaults(signal),
        "wrong": {fault.field: fault for fault in tried.faults},
        "product": parts.catalogue.products.get(tried.sheet.product),
        "products": parts.catalogue.products,
    }


def _answer(request: Request, parts: Parts, tried: Trial, shown: dict[str, Any]) -> dict[str, Any]:
    window = tried.read.wish.window
    return {
        **{name: fragment(f"{name}.html", request=request, parts=parts, **shown) for name in FRAGMENTS},
        "refs": [one.reference for one in tried.alongside],
        "cut": shown["cut"],
        "villages": list(tried.panel.manifest.villages) if tried.panel else [],
        "texts": tried.sheet.texts,
        "made": tried.sheet.made,
        "by_hand": tried.sheet.by_hand,
        "defaults": shown["defaults"],
        "end": typed(window.end, language_of(request)) if window else "",
    }
