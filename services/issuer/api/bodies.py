"""What is sent to the issuer; unknown fields are refused."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from contracts.printable import Line, Lines
from contracts.values import (
    AreaSelection,
    Channel,
    Circle,
    HazardCode,
    Instant,
    Level,
    Mode,
    Ring,
    Sha256,
    TownCode,
    VillageCode,
)
from contracts.warning import WarningText
from services.issuer.api.choice_bodies import BesideBody, ConsultationBody, LeftOutBody
from services.issuer.model import Window, Wish
from services.issuer.model.afterwards import Hit, Told
from services.issuer.model.content import MOST_PLACES, MOST_SHAPES, MOST_SUPERSEDED
from services.issuer.model.reviews import Verdict

Said = Annotated[Line, StringConstraints(strip_whitespace=True, max_length=500)]
"""What somebody says in a line."""

Why = Annotated[Said, Field(min_length=1, examples=["The area is wrong: 打通镇 is missing"])]


class Body(BaseModel):
    """The base of all that is sent."""

    model_config = ConfigDict(extra="forbid")


class SignInBody(Body):
    """A name and a password; for accounts with a second factor its code."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"username": "zhang", "password": "Yt-example-only"}}
    )

    username: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")
    password: SecretStr = Field(min_length=1, max_length=200)
    code: SecretStr = Field(
        SecretStr(""), max_length=40, description="Six digits of the authenticator, or a recovery code"
    )


class CircleBody(Circle):
    """A circle: centre as [longitude, latitude], radius in kilometres."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SelectionBody(Body):
    """Whole towns (9 digits) and villages (12 digits) by code, parts by shape; groups of people there."""

    towns: tuple[TownCode, ...] = Field((), max_length=MOST_PLACES, examples=[["500110110", "500110111"]])
    villages: tuple[VillageCode, ...] = Field((), max_length=MOST_PLACES)
    polygons: tuple[Ring, ...] = Field((), max_length=MOST_SHAPES)
    circles: tuple[CircleBody, ...] = Field((), max_length=MOST_SHAPES)
    groups: tuple[Line, ...] = Field((), max_length=50, description="Only people in one of these groups")

    def value(self) -> AreaSelection:
        """Return the selection as messages hold it."""
        return AreaSelection(**{name: getattr(self, name) for name in AreaSelection.model_fields})


class WindowBody(Window):
    """When the weather is expected."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TextBody(Body):
    """The words in one language."""

    headline: Lines = Field(max_length=1000)
    description: Lines = Field(max_length=10_000)
    instruction: Lines = Field("", max_length=10_000)
    short: Lines = Field(max_length=2000, description="One paragraph for SMS, crawl and loudspeaker")

    def value(self, language: str) -> WarningText:
        """Return the words as messages hold them."""
        return WarningText(language=language, **self.model_dump())


class WishBody(Body):
    """What a forecaster asks for. What is left out, or null, follows from the catalogue's rules."""

    hazard: HazardCode | None = Field(None, description="National event type code", examples=["11B03"])
    level: Level | None = None
    product: Line | None = Field(None, max_length=20, description="Kind of product; left out: signal")
    selection: SelectionBody | None = None
    window: WindowBody | None = Field(None, description="When the weather is expected")
    slots: dict[Line, Line] | None = Field(
        None, max_length=20, description="The numbers in the texts, by slot: see GET /api/v1/catalogue"
    )
    observed: Line | None = Field(None, max_length=500, description="What has happened already, one sentence")
    observed_en: Line | None = Field(None, max_length=500)
    effective: Instant | None = Field(None, description="Left out: from the moment of issue")
    onset: Instant | None = None
    expires: Instant | None = Field(None, description="At most 72 hours after it begins")
    text: TextBody | None = Field(None, description="Left out: made from the catalogue's templates")
    text_en: TextBody | None = None
    supersedes: tuple[UUID, ...] | None = Field(
        None, max_length=MOST_SUPERSEDED, description="Other warnings in force that this one mutes"
    )
    beside: tuple[BesideBody, ...] | None = Field(
        None, max_length=20, description="Other warnings in force for the same hazard and towns that stay"
    )
    left_out: tuple[LeftOutBody, ...] | None = Field(
        None, max_length=len(Channel), description="Ways of the product's rule that are not gone"
    )
    consultation: ConsultationBody | None = Field(
        None, description="The consultation (1+7+N) that it rests upon; part of what is approved"
    )
    stage: Line | None = Field(None, max_length=4, description="Lead stage, such as H12; left out: by rule")
    department: Line | None = Field(None, max_length=40, description="Who issues a joint product with us")

    def wish(self) -> Wish:
        """Return the wish, knowing which fields were sent."""
        sent: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        sent.pop("mode", None)
        if self.selection is not None:
            sent["selection"] = self.selection.value()
        for name, language in (("text", "zh-CN"), ("text_en", "en-US")):
            words: TextBody | None = sent.get(name)
            if words is not None:
                sent[name] = words.value(language)
        return Wish(**sent)


class DraftBody(WishBody):
    """A new warning: mode, hazard, level and area are enough."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "mode": "drill",
                "hazard": "11B03",
                "level": "ORANGE",
                "selection": {"towns": ["500110110", "500110111"]},
                "slots": {"amount": "50~80", "hourly": "30~50"},
            }
        },
    )

    mode: Mode
    hazard: HazardCode
    level: Level
    selection: SelectionBody


class EditBody(WishBody):
    """What is to be changed in a draft."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"level": "RED", "slots": {"amount": "100"}}}
    )


class ApproveBody(Body):
    """Exactly what is approved: the hashes of the text and of the target list that were read."""

    content_sha256: Sha256
    manifest_sha256: Sha256
    statement: Said = Field("", description="The sentence that the approver ticked or typed")
    beside: tuple[BesideBody, ...] = Field((), max_length=20, description="Others of a 409 that stay")


class SubmitBody(Body):
    """How a draft goes to its approvers."""

    emergency: Said = Field(
        "", description="Why it goes by the emergency flow: fewer approve, and it is reviewed afterwards"
    )


class CommentBody(Body):
    """What somebody says of a warning."""

    comment: Why


class ReviewBody(Body):
    """What somebody found who had no part in it."""

    verdict: Verdict
    note: Why


Note = Annotated[Lines, StringConstraints(strip_whitespace=True, max_length=2000)]


class LeaveBody(Body):
    """What the next shift must know."""

    note: Annotated[Note, Field(min_length=1)]


class TakeBody(Body):
    """The hash of what was read, and a remark."""

    sha256: Sha256
    remark: Note = ""


class AfterwardsBody(Body):
    """What was observed after a warning."""

    verdict: Hit
    source: Why
    onset: Instant | None = None
    ended: Instant | None = None
    amounts: Said = ""
    note: Said = ""

    def told(self) -> Told:
        """Return it as the model knows it."""
        return Told(**{name: getattr(self, name) for name in type(self).model_fields})


class ReasonBody(Body):
    """Why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "The window is wrong"}}
    )

    reason: Why


class CancelBody(Body):
    """Why a warning is lifted; it is kept in the story of the warning."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "The rain is over"}})

    reason: Said = ""


class CorrectBody(Body):
    """What was wrong, and the right words; without words, those that lie ready."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "The window was wrong"}}
    )

    reason: Said = ""
    text: TextBody | None = None
    text_en: TextBody | None = None
    slots: dict[Line, Line] | None = Field(None, max_length=20)
    observed: Line | None = Field(None, max_length=500)

    def wish(self) -> Wish:
        """Return what the correction says otherwise."""
        sent = {name: getattr(self, name) for name in self.model_fields_set - {"reason"}}
        for name, language in (("text", "zh-CN"), ("text_en", "en-US")):
            if sent.get(name) is not None:
                sent[name] = sent[name].value(language)
        return Wish(**sent)


class SplitBody(Body):
    """Which towns of a warning have another colour, and which."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"towns": ["500110111"], "level": "YELLOW"}}
    )

    towns: tuple[TownCode, ...] = Field(min_length=1, max_length=MOST_PLACES)
    level: Level
