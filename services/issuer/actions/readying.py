"""Readying: a draft gets its words and its target list, which are fixed from then on."""

from contracts.plan import Manifest
from services.issuer import store
from services.issuer.actions import issuing, making
from services.issuer.actions.press import Press
from services.issuer.model import Content, Kind, Person, WeatherWarning, faults
from services.issuer.reach import Reach
from services.kit.db import Database
from services.kit.errors import Invalid, Refused


async def ready(
    db: Database,
    press: Press,
    reach: Reach,
    warning: WeatherWarning,
    by: Person,
    emergency: str = "",
) -> WeatherWarning:
    """Return a draft with its words fixed and its target list pinned."""
    _without_faults(warning.content, db, press)
    content, manifest = await _pinned(db, press, reach, warning)
    content = content.model_copy(update={"follows": ()})
    _without_faults(content, db, press)
    now = db.clock.now()
    chain = await issuing.chain_of(db, warning, now)
    await press.check(content, manifest, chain.references, now)
    return warning.edited(content, by.username, now).submitted(manifest, by.username, now, emergency)


async def _pinned(
    db: Database, press: Press, reach: Reach, warning: WeatherWarning
) -> tuple[Content, Manifest]:
    """Return the content as it will be read, and its target list; a lift goes to those of before."""
    content, now = warning.content, db.clock.now()
    if content.kind is Kind.CANCEL:
        async with db.read() as connection:
            base = await store.warnings.standing(connection, warning.warning_id)
        if base is None or base.manifest is None:
            raise Refused("there is nothing in force to lift", mend="reject this revision")
        manifest = base.manifest
    else:
        by = making.ways(press.catalogue, content)
        reached = await reach.preview(
            content.mode,
            content.selection,
            pin=True,
            channels=by,
            level=content.level,
            hazard=content.hazard,
        )
        manifest = reached.manifest
        content = content.model_copy(update=making.named(reached))
    return making.worded(press.catalogue, content, now) if content.made else content, manifest


def _without_faults(content: Content, db: Database, press: Press) -> None:
    found = faults(content, db.clock.now(), press.signature)
    if found:
        raise Invalid.of(found)
