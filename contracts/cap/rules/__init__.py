"""Every rule that a CAP message can break, by what it looks at."""

from collections.abc import Iterator
from itertools import islice

from contracts.cap.findings import Finding, found
from contracts.cap.model import CapAlert
from contracts.cap.rules.alert import alert_findings
from contracts.cap.rules.area import area_findings
from contracts.cap.rules.info import info_findings
from contracts.cap.rules.markup import markup_findings
from contracts.cap.rules.rings import Effort
from contracts.cap.rules.schema import schema_findings

MOST_FINDINGS = 500
"""Nobody reads more; a message made of faults must not keep us busy."""


def check(alert: CapAlert) -> tuple[Finding, ...]:
    """Return every rule that the message breaks, those of the schema first."""
    findings = tuple(islice(_every(alert), MOST_FINDINGS + 1))
    if len(findings) <= MOST_FINDINGS:
        return findings
    return *findings[:MOST_FINDINGS], found("more-findings", "alert", "there is more than is listed here")


def _every(alert: CapAlert) -> Iterator[Finding]:
    yield from schema_findings(alert)
    yield from alert_findings(alert)
    yield from markup_findings(alert)
    effort = Effort()
    for number, info in enumerate(alert.infos, 1):
        path = f"alert/info[{number}]"
        yield from info_findings(alert, info, path)
        for place, area in enumerate(info.areas, 1):
            yield from area_findings(area, f"{path}/area[{place}]", effort)
