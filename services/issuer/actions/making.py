"""Making a content: what the forecaster said, and the catalogue's rules for all that he left out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.values import Channel, Level, Mode
from services.issuer.catalogue import (
    SIGNAL,
    Act,
    Catalogue,
    Deed,
    Filling,
    Language,
    Role,
    Signal,
    words,
)
from services.issuer.model.content import LONGEST, Content, Kind, Window, Wish
from services.issuer.model.warning import Person, Step, WeatherWarning
from services.issuer.reach import Reached
from services.kit.errors import Invalid

_PLAIN = (
    *(
        "hazard",
        "level",
        "product",
        "selection",
        "observed",
        "observed_en",
        "effective",
        "onset",
        "supersedes",
    ),
    *("beside", "left_out", "consultation", "stage", "department"),
)
_LANGUAGES: Mapping[str, Language] = {"text": "zh-CN", "text_en": "en-US"}


def steps(catalogue: Catalogue, content: Content) -> tuple[Step, ...]:
    """Return who must approve a content, in order."""
    deed = Deed.LIFT if content.kind is Kind.CANCEL else Deed.ISSUE
    worst = worst_of(content)
    needed = catalogue.authority.approvals(content.product, worst, deed)
    if content.former and content.former.rank < worst.rank:
        # To lower a colour is to lift the graver one: it takes at least those who may do that.
        lifting = catalogue.authority.approvals(content.product, content.former, Deed.LIFT)
        needed = max(lifting, needed, key=len)
    return tuple(frozenset(_held(role, content) for role in approval.roles) for approval in needed)


def worst_of(content: Content) -> Level:
    """Return the gravest colour of all that goes out with a content."""
    return min((content.level, *(part.level for part in content.bound)), key=lambda level: level.rank)


def _held(role: Role, content: Content) -> str:
    """Return a role as an approver must hold it: a department's is that of the one that issues with us."""
    return f"{role}:{content.department}" if role is Role.DEPARTMENT else str(role)


def ways(catalogue: Catalogue, content: Content) -> tuple[Channel, ...]:
    """Return the channels that a content goes by: those of the rule, without what was left out."""
    left_out = {left.channel for left in content.left_out}
    return tuple(way for way in catalogue.products.get(content.product).ways if way not in left_out)


def drafted(catalogue: Catalogue, mode: Mode, wish: Wish, reached: Reached | None, now: datetime) -> Content:
    """Return the content of a new warning; without `reached`, the texts must be in the wish."""
    for field in ("hazard", "level", "selection"):
        if getattr(wish, field) is None:
            raise Invalid(field, "is missing", "choose it")
    fields = {name: getattr(wish, name) for name in _PLAIN if getattr(wish, name) is not None}
    fields |= {"slots": dict(wish.slots or {}), "mode": mode, "made": True}
    return _completed(catalogue, fields, wish, reached, now)


def edited(
    catalogue: Catalogue, base: Content, wish: Wish, reached: Reached | None, now: datetime
) -> Content:
    """Return a draft's content with what the forecaster changed, and what follows from that."""
    fields = {name: getattr(base, name) for name in type(base).model_fields}
    fields |= {name: getattr(wish, name) for name in _PLAIN if getattr(wish, name) is not None}
    fields |= {
        name: None
        for name in ("effective", "onset", "consultation")
        if wish.says(name) and not getattr(wish, name)
    }
    if wish.window and not wish.says("onset"):
        fields["onset"] = None
    if wish.slots is not None:
        fields["slots"] = dict(wish.slots)
    elif fields["hazard"] != base.hazard:
        fields["slots"] = {}
    if wish.says("text") and wish.text is None:
        fields["made"] = True
    return _completed(catalogue, fields, wish, reached, now)


def _completed(
    catalogue: Catalogue, fields: dict[str, Any], wish: Wish, reached: Reached | None, now: datetime
) -> Content:
    product, department = fields.get("product", SIGNAL), fields.get("department", "")
    _by_product(catalogue, fields, product, department)
    signal = catalogue.issuable(fields["hazard"], fields["level"], product, department)
    fields |= _times(signal, fields, wish, now)
    signal.quantities(fields["slots"])
    if reached is not None:
        fields |= named(reached)
    if wish.text or wish.text_en:
        fields |= _by_hand(fields, wish)
    if not fields["made"]:
        content = Content(**fields)
    else:
        content = worded(catalogue, Content(**{**fields, "text": _BLANK, "text_en": None}), now)
    steps(catalogue, content)
    return content


def named(reached: Reached) -> dict[str, Any]:
    """Return what the texts say of the places that a selection reaches."""
    return {
        "names": reached.names,
        "names_en": reached.names_en,
        "whole_district": reached.whole_district,
    }


def _by_product(catalogue: Catalogue, fields: Mapping[str, Any], name: str, department: str) -> None:
    """Raise Invalid for what the product does not allow: a department, a stage, a way left out."""
    product = catalogue.products.get(name)
    if bool(product.departments) != bool(department) or department not in ("", *product.departments):
        why = "is not one that issues this product with us" if department else "is missing"
        choice = f"choose one of {', '.join(product.departments)}" if product.departments else "leave it out"
        raise Invalid("department", why, choice)
    if fields.get("stage") not in (None, "", *product.stages):
        raise Invalid("stage", "is not one of this product", f"choose one of {', '.join(product.stages)}")
    for left in fields.get("left_out") or ():
        if left.channel in product.fixed:
            raise Invalid(f"left_out.{left.channel}", "cannot be left out of this product", "tick it")


_BLANK = {"headline": "", "description": "", "instruction": "", "short": ""}


def _times(signal: Signal, fields: Mapping[str, Any], wish: Wish, now: datetime) -> dict[str, Any]:
    begin = now.replace(second=0, microsecond=0)
    by_rule = Window(begin=begin, end=begin + timedelta(hours=signal.grade.window_hours))
    window: Window = wish.window or (not wish.says("window") and fields.get("window")) or by_rule
    if window.end <= window.begin:
        raise Invalid("window.end", "is not after the begin of the window", "choose a later time")
    start = max(window.begin, fields.get("effective") or now)
    lasting = max(start + timedelta(hours=signal.grade.validity_hours), window.end)
    lasting = min(lasting, max(fields.get("effective") or now, now) + LONGEST)
    expires = wish.expires or (not wish.says("expires") and fields.get("expires")) or lasting
    ahead = window.begin if window.begin > now else None
    return {"window": window, "expires": expires, "onset": fields.get("onset") or ahead}


def _by_hand(fields: Mapping[str, Any], wish: Wish) -> dict[str, Any]:
    """Take the words that were sent; an English text is kept only beside words that were sent too."""
    if wish.text is None and "text" not in fields:
        raise Invalid("text", "is missing beside text_en", "send the Chinese text, or leave both out")
    english = wish.text_en if wish.says("text_en") or fields["made"] else fields.get("text_en")
    return {"made": False, "text": wish.text or fields["text"], "text_en": english}


def worded(catalogue: Catalogue, content: Content, now: datetime) -> Content:
    """Return the content with the catalogue's words for it."""
    if not content.names:
        raise Invalid(
            "text", "cannot be made without the names of the towns", "send the texts, or try again later"
        )
    signal = catalogue.signal(
        content.hazard, content.level, content.product, content.department, content.sector
    )
    texts = {name: words(signal, _filling(content, now, name), said) for name, said in _LANGUAGES.items()}
    return content.model_copy(update={**texts, "made": True})


def _filling(content: Content, now: datetime, name: str) -> Filling:
    return Filling(
        act=_act(content),
        issued_at=now,
        window_start=content.window.begin,
        window_end=content.window.end,
        towns=content.names if name == "text" else content.names_en or content.names,
        whole_district=content.whole_district,
        values=content.slots,
        observed=content.observed if name == "text" else content.observed_en,
        former=content.former,
        former_at=content.former_at,
    )


def _act(content: Content) -> Act:
    if content.kind is Kind.CANCEL:
        return Act.CANCELLED
    if content.corrects:
        return Act.CORRECTED
    if (content.kind is Kind.UPDATE or content.lead) and content.former:
        return Act.between(content.former, content.level)
    return Act.ISSUED


def begun(warning_id: UUID, revision: int, content: Content, by: Person, now: datetime) -> WeatherWarning:
    """Return a new draft of one author."""
    return WeatherWarning(warning_id, revision, content, content.sha256, (by.username,), now, now)
