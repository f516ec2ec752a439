"""Every rule that a CAP message can break, by what it looks at."""

from contracts.cap.findings import Finding
from contracts.cap.model import CapAlert
from contracts.cap.rules.alert import alert_findings
from contracts.cap.rules.area import area_findings
from contracts.cap.rules.info import info_findings
from contracts.cap.rules.rings import Effort
from contracts.cap.rules.schema import schema_findings


def check(alert: CapAlert) -> tuple[Finding, ...]:
    """Return every rule that the message breaks, those of the schema first."""
    findings = [*schema_findings(alert), *alert_findings(alert)]
    effort = Effort()
    for number, info in enumerate(alert.infos, 1):
        path = f"alert/info[{number}]"
        findings += info_findings(alert, info, path)
        for place, area in enumerate(info.areas, 1):
            findings += area_findings(area, f"{path}/area[{place}]", effort)
    return tuple(findings)
