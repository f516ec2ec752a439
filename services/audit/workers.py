"""What the audit does by itself, each by one replica at a time."""

from datetime import timedelta
from functools import partial

from services.audit.actions import gather, sign, words
from services.audit.actions.gather import Pace
from services.audit.actions.sign import Signer
from services.audit.settings import AuditSettings
from services.kit.db import Database
from services.kit.leadership import Leadership
from services.kit.process import Sibling


def all_of(db: Database, leadership: Leadership, signer: Signer, settings: AuditSettings) -> list[Sibling]:
    """Return the workers; each runs for ever wherever it leads."""
    pace = Pace(timedelta(seconds=settings.postings_quiet_s), settings.postings_gather_s)
    led: dict[str, Sibling] = {
        sign.LEASE: partial(sign.run, db, signer, settings.ledger_head_s),
        gather.LEASE: partial(gather.run, db, leadership, pace),
        words.LEASE: partial(words.run, db, leadership, settings.audit_words_s),
    }
    return [partial(leadership.lead, lease, work) for lease, work in led.items()]
