"""What is sent of choices beside the words: what stays in force, the ways left out, the consultation."""

from pydantic import ConfigDict, Field

from contracts.printable import Line, Lines
from services.issuer.model import Beside, Consultation, LeftOut


class BesideBody(Beside):
    """Another warning in force that stays so: the `alongside.<reference>` of a refused submit, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Line = Field(min_length=1, max_length=80)
    reason: Line


class LeftOutBody(LeftOut):
    """A way that is not gone, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Line


class ConsultationBody(Consultation):
    """When the consultation was, who took part, what was concluded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attended: Lines
    conclusion: Lines
