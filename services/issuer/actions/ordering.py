"""Ordering: the message by which a sector is stopped, with its words and its target list."""

from uuid import UUID

from contracts.values import AreaSelection, Mode
from services.issuer.actions import making
from services.issuer.actions.press import Press
from services.issuer.actions.readying import ready
from services.issuer.actions.suspending import WRITER
from services.issuer.catalogue import ORDER, SUSPENSION
from services.issuer.model import Window, Wish
from services.issuer.model.follow import Leading
from services.issuer.model.suspension import Terms
from services.issuer.model.warning import WeatherWarning
from services.issuer.reach import Reach
from services.kit.db import Database


async def ordered(
    db: Database,
    press: Press,
    reach: Reach,
    warning_id: UUID,
    *,
    mode: Mode,
    department: str,
    terms: Terms,
    leading: Leading,
) -> WeatherWarning:
    """Return a suspension in review that nobody has approved, by the terms of a proposal."""
    now, selection = db.clock.now(), AreaSelection(towns=terms.towns)
    window = (
        Window(begin=max(terms.window.begin, now), end=terms.window.end) if terms.window.end > now else None
    )
    wish = Wish(
        hazard=terms.code,
        level=ORDER,
        product=SUSPENSION,
        selection=selection,
        window=window,
        department=department,
    )
    reached = await reach.preview(mode, selection, pin=False)
    content = making.drafted(press.catalogue, mode, wish, reached, now)
    about = {"sector": terms.sector, "leading": leading}
    draft = making.begun(warning_id, 1, content.model_copy(update=about), WRITER, now)
    return await ready(db, press, reach, draft, WRITER)
