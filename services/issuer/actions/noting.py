"""Noting (二次转发): a town's desk adds its own words to a warning in force, for its own town only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from contracts.values import AreaSelection, Channel
from services.issuer import store
from services.issuer.actions import making, shift
from services.issuer.actions.attached import halt_note
from services.issuer.actions.issuing import RETELL_AFTER, Overtaken, identifier_for, message_of
from services.issuer.actions.press import Press
from services.issuer.actions.telling import tell
from services.issuer.catalogue import NOTE, Catalogue
from services.issuer.model import Content, Person, Published, State, WeatherWarning, faults
from services.issuer.model.note import (
    Note,
    Said,
    chosen,
    content_of,
    look_at_words,
    may_be_added_to,
    own_villages,
    sender_code,
    stays_within,
)
from services.issuer.reach import Reach, Reached
from services.kit.db import Database, Transaction
from services.kit.errors import Forbidden, Invalid, NotFound, Refused, Retry
from services.kit.telemetry import span

TRIES = 5
TOWN_STOPS = "the town took it back"


@dataclass(frozen=True)
class Ask:
    """What a town's desk wants to add, to which warning, for whom."""

    warning_id: UUID
    town: str
    words: str
    villages: tuple[str, ...] = ()
    """None named: all of the town that the warning covers."""


@dataclass(frozen=True)
class Offer:
    """A warning in force that a town may add to."""

    warning: WeatherWarning
    villages: tuple[str, ...]
    """Those of the town that it covers."""
    notes: int
    """How many of the town's notes stand beside it."""


@dataclass(frozen=True)
class Look:
    """A note as it would go out: its words, and who would be reached."""

    warning: WeatherWarning
    content: Content
    reached: Reached
    whole: bool
    """True when it is for every village of the town, so that ways of a whole town are gone too."""
    town_name: str
    town_name_en: str


def town_of(catalogue: Catalogue, by: Person, town: str | None) -> str:
    """Return the town for which somebody may add notes; raise Forbidden for who may not."""
    roles = catalogue.authority.notes.roles
    if not by.roles & roles:
        raise Forbidden(f"this needs a {', '.join(sorted(roles))}")
    if not town:
        raise Forbidden("this account is a town's desk without a town", mend="ask an operator to name it")
    return town


async def offers(db: Database, town: str) -> list[Offer]:
    """Return the warnings in force that cover some of a town, worst colour first."""
    now, found = db.clock.now(), []
    for one in await shift.whole(db, (State.ISSUED,)):
        try:
            may_be_added_to(one, town, now)
        except Refused:
            continue
        found.append(one)
    async with db.read() as connection:
        counts = await store.notes.counts(connection, [one.warning_id for one in found], town)
    ordered = sorted(found, key=lambda one: (one.content.level.rank, one.content.expires))
    return [Offer(one, own_villages(one, town), counts.get(one.warning_id, 0)) for one in ordered]


async def offer(db: Database, warning_id: UUID, town: str) -> Offer:
    """Return one warning that a town may add to; raise Refused when it may not."""
    async with db.read() as connection:
        warning = await store.warnings.standing(connection, warning_id)
        if warning is None:
            await store.warnings.get(connection, warning_id)
            raise Refused("this warning is not in force", mend="look at what is in force now")
        counts = await store.notes.counts(connection, [warning_id], town)
    may_be_added_to(warning, town, db.clock.now())
    return Offer(warning, own_villages(warning, town), counts.get(warning_id, 0))


async def look(db: Database, press: Press, reach: Reach, ask: Ask, *, pin: bool = False) -> Look:
    """Return a note as it would go out, and who would be reached; with `pin`, exactly those are kept."""
    standing = (await offer(db, ask.warning_id, ask.town)).warning
    words = look_at_words(ask.words, press.catalogue.products.addition.characters)
    villages = chosen(standing, ask.town, ask.villages)
    product, selection = press.catalogue.products.get(NOTE), AreaSelection(villages=villages)
    first = await _preview(reach, standing, selection, product.ways, pin=False)
    whole = _whole(first, ask.town)
    left_out = frozenset[Channel]() if whole else press.catalogue.products.addition.whole_towns
    ways = tuple(way for way in product.ways if way not in left_out)
    reached = await _preview(reach, standing, selection, ways, pin=pin) if pin or left_out else first
    name, english = (names[0] if names else ask.town for names in (reached.names, reached.names_en))
    content = content_of(standing, villages, name, _said(press.catalogue, standing, name, words))
    stays_within(reached.manifest, ask.town, villages, whole=whole)
    if found := faults(content, db.clock.now(), press.signature):
        raise Invalid.of(found)
    return Look(standing, content, reached, whole, name, english)


async def _preview(
    reach: Reach, warning: WeatherWarning, villages: AreaSelection, ways: Sequence[Channel], *, pin: bool
) -> Reached:
    content = warning.content
    selection = villages.model_copy(update={"groups": content.selection.groups})
    return await reach.preview(
        content.mode,
        selection,
        pin=pin,
        channels=ways,
        level=content.level,
        hazard=content.hazard,
        strictly=True,
    )


def _whole(reached: Reached, town: str) -> bool:
    """Tell whether every village of the town is meant, as the router knows the town."""
    return any(
        one["code"] == town and one["villages"] == one["of_villages"]
        for one in reached.answer.get("towns", ())
    )


def _said(catalogue: Catalogue, warning: WeatherWarning, town: str, words: str) -> Said:
    rule, content = catalogue.products.addition, warning.content
    slots = {
        "town": town,
        "hazard": catalogue.hazard(content.hazard, content.product).name.zh,
        "colour": catalogue.signals.colours[content.level].name.zh,
        "headline": content.text.headline,
        "words": words,
    }
    names = ("mark", "title", "text", "short", "instruction")
    return Said(**{name: getattr(rule, name).zh.format(**slots) for name in names})


async def send(db: Database, press: Press, reach: Reach, ask: Ask, note_id: UUID, by: Person) -> Note:
    """Send a note: one person's act, at once. The same id again is the same note, and sends nothing."""
    with span("issuer.note", **{"yutian.warning_id": str(ask.warning_id)}):
        for _ in range(TRIES):
            if known := await _known(db, ask, note_id, by):
                return known
            seen = await look(db, press, reach, ask, pin=True)
            try:
                return await _put_out(db, press, ask, await _printed(db, press, ask, seen, note_id, by), by)
            except (Overtaken, IntegrityError):
                continue
        raise Retry("the warning that this is added to keeps changing", after=1)


async def _known(db: Database, ask: Ask, note_id: UUID, by: Person) -> Note | None:
    async with db.read() as connection:
        known = await store.notes.find(connection, note_id)
    if known is not None and (known.of_warning, known.town, known.by) != (
        ask.warning_id,
        ask.town,
        by.username,
    ):
        raise Refused("another note has this id", mend="open the page again and send it from there")
    return known


@dataclass(frozen=True)
class _Sheet:
    """A note that is printed and not yet out."""

    note: Note
    issued: WeatherWarning
    beside: WeatherWarning


async def _printed(db: Database, press: Press, ask: Ask, seen: Look, note_id: UUID, by: Person) -> _Sheet:
    """Compose and sign the note in the name of the town."""
    now = db.clock.now()
    towns = replace(press, sender_code=sender_code(ask.town), sender_name=seen.town_name)
    notice = towns.notice(
        seen.content,
        seen.reached.manifest,
        identifier=await identifier_for(db, towns, now),
        references="",
        sent=now.replace(microsecond=0),
        approvers=(by.name,),
    ).model_copy(update={"sender_name_en": seen.town_name_en})
    document = await towns.document(notice, seen.content)
    draft = making.begun(note_id, store.notes.ONLY, seen.content, by, now)
    review = draft.submitted(seen.reached.manifest, by.username, now)
    issued = review.issued(Published(notice, document, now), now)
    words = look_at_words(ask.words, press.catalogue.products.addition.characters)
    beside = seen.warning
    note = Note(
        note_id,
        beside.warning_id,
        beside.revision,
        ask.town,
        seen.town_name,
        words,
        by.username,
        by.name,
        now,
    )
    return _Sheet(note, issued, beside)


async def _put_out(db: Database, press: Press, ask: Ask, sheet: _Sheet, by: Person) -> Note:
    """Store the note and say it, together, while nobody changes the warning beside which it stands."""
    most = press.catalogue.products.addition.most
    async with db.transaction() as tx:
        await _still_so(tx, sheet.beside)
        if len(await store.notes.in_force(tx.connection, ask.warning_id, town=ask.town)) >= most:
            mend = "stop one of them, and say all of it in one"
            raise Refused(f"{most} notes of your town stand beside this warning already", mend=mend)
        await store.notes.insert(tx, sheet.note)
        try:
            await store.changes.insert(tx, sheet.issued)
        except Refused as error:
            raise Overtaken from error
        key = (sheet.issued.warning_id, sheet.issued.revision)
        await store.changes.retell(tx, key, 0, tx.now + RETELL_AFTER)
        tx.emit(message_of(sheet.issued, tx.now))
        said = f"{sheet.note.town_name}: {sheet.note.words}"
        await tell(tx, sheet.issued, by, "note sent", said)
        await store.events.tell(tx, sheet.beside, by.username, "note added", said)
    return sheet.note


async def _still_so(tx: Transaction, seen: WeatherWarning) -> None:
    """Raise Overtaken when the warning changed since it was looked at; hold it as it is until the commit."""
    now = await store.warnings.standing(tx.connection, seen.warning_id, lock=True)
    if now is None or (now.revision, now.version) != (seen.revision, seen.version):
        raise Overtaken


async def stop(db: Database, note_id: UUID, by: Person, town: str, reason: str = "") -> Note:
    """Take a note of one's own town back, at once."""
    async with db.transaction() as tx:
        note = await store.notes.find(tx.connection, note_id)
        if note is None:
            raise NotFound("there is no such note")
        if note.town != town:
            raise Forbidden("this is another town's note")
        standing = await store.warnings.get(tx.connection, note_id, store.notes.ONLY, lock=True)
        if standing.state is not State.ISSUED:
            raise Refused("this note is over already")
        await halt_note(tx, standing, by, reason.strip() or TOWN_STOPS)
    return note
