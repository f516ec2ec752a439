"""What is promised for each colour, and when people are reminded."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.values import Level
from services.issuer.catalogue.signals import Entry

Positive = Annotated[int, Field(gt=0)]


class Promise(Entry):
    """How soon a warning of one colour is where it should be."""

    first_s: Positive
    stations_s: Positive
    stations_percent: Annotated[int, Field(gt=0, le=100)]
    sms_s: Positive
    answer_min: Positive | None = None


class Promises(Entry):
    """The whole of promises.yaml."""

    version: str = Field(min_length=1)
    colours: Mapping[Level, Promise]
    announced_min: tuple[Positive, ...] = Field(min_length=1)
    silent_min: Positive
    reception_min: Positive
    ring_every_s: Positive

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if set(self.colours) != set(Level):
            raise ValueError("every colour needs a promise")
        if list(self.announced_min) != sorted(set(self.announced_min), reverse=True):
            raise ValueError("announced_min: the longest comes first, each once")
        return self

    @property
    def ends_soon(self) -> timedelta:
        """How long before its end a warning is first announced."""
        return timedelta(minutes=self.announced_min[0])

    def announced(self, left: timedelta) -> int | None:
        """Return the announcement that is due when so much time is left, None while it is early."""
        due = [minutes for minutes in self.announced_min if left <= timedelta(minutes=minutes)]
        return min(due) if due else None
