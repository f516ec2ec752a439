"""Saved phrases and areas: what a forecaster puts by, for himself or for everybody at the desk."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.values import AreaSelection
from services.issuer.model.choices import line_faults
from services.kit.errors import Fault, Forbidden, Invalid

NAME = 60
PHRASE = 500


class SavedKind(StrEnum):
    """What is put by."""

    PHRASE = "phrase"
    AREA = "area"


@dataclass(frozen=True)
class Saved:
    """A phrase, or an area as its selection."""

    saved_id: UUID
    kind: SavedKind
    name: str
    owner: str
    shared: bool
    created_at: datetime
    phrase: str = ""
    area: AreaSelection | None = None

    def checked(self) -> "Saved":
        """Return it; raise Invalid for everything that is wrong with it."""
        faults = list(line_faults("name", self.name, NAME))
        if not self.name.strip():
            faults.append(Fault("name", "is empty", "give it a short name"))
        if self.kind is SavedKind.PHRASE:
            faults += line_faults("phrase", self.phrase, PHRASE)
            if not self.phrase.strip():
                faults.append(Fault("phrase", "is empty", "write the words that are to be put by"))
        elif self.area is None or self.area.empty:
            faults.append(Fault("area", "is empty", "choose an area first"))
        if faults:
            raise Invalid.of(faults)
        return self

    def changed(self, by: str, name: str | None, shared: bool | None) -> "Saved":
        """Return it under another name, or for others too; only its owner may."""
        self.belongs_to(by)
        named = self.name if name is None else name
        return replace(self, name=named, shared=self.shared if shared is None else shared).checked()

    def belongs_to(self, by: str) -> None:
        """Raise Forbidden for anybody but its owner."""
        if by != self.owner:
            raise Forbidden("this belongs to somebody else")
