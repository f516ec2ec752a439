"""Calls when nobody answers are no part of the manifest: the account of a warning leaves them out."""

from contracts.delivery import call_id_of
from contracts.outcome import TargetState
from contracts.values import Channel
from tests.issuer.issuer_make import Office
from tests.issuer.reports_make import a_plan, a_report, hear, photo


async def test_a_report_on_a_call_changes_no_count(office: Office) -> None:
    warning = await office.issued()
    await hear(office, a_plan(warning))
    before = await photo(office, warning)
    report = a_report(warning, 1, {TargetState.CONFIRMED: 4})
    call = call_id_of(warning.warning_id, warning.revision, Channel.STATION, "second-call")
    await hear(office, report.model_copy(update={"delivery_id": call}))
    assert await photo(office, warning) == before
    await hear(office, report)
    assert await photo(office, warning) != before
