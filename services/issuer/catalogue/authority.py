"""The table of people: who must agree before anything goes out."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from contracts.values import Level
from services.issuer.catalogue.signals import Entry
from services.kit.errors import Invalid


class Role(StrEnum):
    """What an account of the desk may be."""

    DRAFTER = "drafter"
    CHECKER = "checker"
    SIGNER = "signer"
    TOWN_DESK = "town-desk"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    DEPARTMENT = "department"
    """Approves joint products for the department that its account carries, and nothing else."""


class Deed(StrEnum):
    """What needs approval: bringing content into force (an update too), or lifting it."""

    ISSUE = "issue"
    LIFT = "lift"


class Verb(StrEnum):
    """What people do to a revision that is there."""

    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
    UPDATE = "update"
    CORRECT = "correct"
    CANCEL = "cancel"
    HALT = "halt"


class Who(StrEnum):
    """Who somebody is to a revision."""

    DESK = "desk"
    AUTHOR = "author"
    APPROVER = "approver"
    HALTER = "halter"


LIFTED = "lifted"
"""Where a lift stands that is out; every other word for that is a state."""

Standing = Literal[
    "draft", "review", "issued", "lifted", "superseded", "cancelled", "halted", "expired", "rejected"
]


class Permission(Entry):
    """Where a verb is allowed, and to whom."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    where: frozenset[Standing] = Field(alias="in", min_length=1)
    by: frozenset[Who] = Field(min_length=1)


class Approval(Entry):
    """One person's yes: an account with one of these roles, never the drafter."""

    roles: frozenset[Role] = Field(min_length=1)
    distinct: Literal[True]
    """Always: one account never counts twice for one revision."""


class Halt(Entry):
    """Who may stop everything at once, and how soon somebody looks at it afterwards."""

    roles: frozenset[Role] = Field(min_length=1)
    review_within_hours: int = Field(gt=0)


class Notes(Entry):
    """Who adds to a warning in force for a town: one person, at once, for the town that the account names."""

    roles: frozenset[Role] = Field(min_length=1)


class Emergency(Entry):
    """The emergency flow (紧急流程): one approval where there is no time for more, looked at afterwards."""

    issue: Mapping[Level, frozenset[Role]]
    """The colours that have it, and the roles of which the one approver needs one."""
    review_within_hours: int = Field(gt=0)


class Authority(Entry):
    """The whole of authority.yaml."""

    version: str = Field(min_length=1)
    desk_roles: frozenset[Role] = Field(min_length=1)
    products: Mapping[str, Mapping[Level, Mapping[Deed, tuple[Approval, ...]]]] = Field(min_length=1)
    acts: Mapping[Verb, Permission]
    halt: Halt
    notes: Notes
    emergency: Emergency

    @model_validator(mode="after")
    def _two_people_always(self) -> Self:
        for product, levels in self.products.items():
            needed = {(level, deed): deeds.get(deed) for level, deeds in levels.items() for deed in Deed}
            if set(levels) != set(Level) or not all(needed.values()):
                raise ValueError(f"{product}: every colour needs at least one approval to issue and to lift")
        if set(self.acts) != set(Verb):
            raise ValueError("acts: every verb must be there")
        if not self.halt.roles <= self.desk_roles:
            raise ValueError("halt: only people of the desk may stop a warning")
        return self

    def approvals(self, product: str, level: Level, deed: Deed) -> tuple[Approval, ...]:
        """Return the approvals that are needed, in their order."""
        if product not in self.products:
            raise Invalid("product", "nobody may issue this product", f"use {', '.join(self.products)}")
        return self.products[product][level][deed]
