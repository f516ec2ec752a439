"""What the audit does by itself, each by one replica at a time."""

from datetime import timedelta
from functools import partial

from services.audit.actions import delete, folding, gather, heads, sign, watch, words
from services.audit.actions.delete import Deleter
from services.audit.actions.gather import Pace
from services.audit.actions.heads import Keeper
from services.audit.actions.watch import Watched
from services.audit.api.parts import Parts
from services.audit.settings import AuditSettings
from services.kit.leadership import Leadership
from services.kit.process import Sibling


def all_of(given: Parts, leadership: Leadership, settings: AuditSettings) -> list[Sibling]:
    """Return the workers; each runs for ever wherever it leads."""
    db, signer = given.db, given.signer
    pace = Pace(timedelta(seconds=settings.postings_quiet_s), settings.postings_gather_s)
    watched = Watched(
        *(given.stream, given.issuer, given.grace, settings.reconcile_most, given.rules, signer, given.places)
    )
    led: dict[str, Sibling] = {
        sign.LEASE: partial(sign.run, db, signer, settings.ledger_head_s),
        gather.LEASE: partial(gather.run, db, leadership, pace),
        words.LEASE: partial(words.run, db, leadership, settings.audit_words_s),
        watch.LEASE: partial(watch.run, db, leadership, watched, settings.reconcile_every_s),
        folding.LEASE: partial(folding.run, db, settings.reports_fold_s),
        delete.LEASE: Deleter(db, leadership, given.rules).run,
    }
    led |= {f"{heads.LEASE}-{place.name}": Keeper(db, place, signer).run for place in given.places}
    return [partial(leadership.lead, lease, work) for lease, work in led.items()]
