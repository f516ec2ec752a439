"""GET /api/v1/catalogue: which signals there are, what their texts ask for, who must agree."""

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from contracts.values import Channel, Level
from services.issuer.api.parts import IssuerParts
from services.issuer.catalogue import Catalogue, Hazard
from services.kit.identity import principal

router = APIRouter(
    prefix="/api/v1",
    tags=["catalogue"],
    default_response_class=JSONResponse,
    dependencies=[Depends(principal)],
)


class Both(BaseModel):
    """The same in Chinese and in English."""

    zh: str
    en: str


class SlotView(BaseModel):
    """A number that the texts ask for."""

    name: str
    label: Both
    optional: bool


class GradeView(BaseModel):
    """One colour of a hazard. The criteria are a hint; they block nothing."""

    level: Level
    criteria: Both
    verified: bool
    window_hours: int
    validity_hours: int
    defaults: dict[str, str]
    call: Both


class SignalView(BaseModel):
    """A hazard with the colours that it has."""

    code: str
    name: Both
    slots: list[SlotView]
    levels: list[GradeView]


class ColourView(BaseModel):
    """A colour as people name it."""

    level: Level
    name: Both
    roman: str
    word: Both


class AuthorityView(BaseModel):
    """Who must approve one product in one colour, in order: each time one account with one of the roles."""

    product: str
    level: Level
    issue: list[list[str]]
    lift: list[list[str]]


class ProductView(BaseModel):
    """A product beside the signals: what it may be about, by which ways, how far ahead, with whom."""

    product: str
    name: Both
    ways: list[Channel]
    fixed: list[Channel]
    stages: list[str]
    departments: list[str]
    subjects: list[SignalView]


class CatalogueView(BaseModel):
    """What the station may say, and who must agree."""

    version: str
    authority_version: str
    sender_code: str
    sender_name: str
    sms_signature: str
    signals: list[SignalView]
    colours: list[ColourView]
    authority: list[AuthorityView]
    products: list[ProductView]
    departments: dict[str, Both]


@router.get("/catalogue", summary="Signals, colours, slots, and who must agree")
async def get_catalogue(response: Response, parts: IssuerParts) -> CatalogueView:
    """Return the signals that a forecaster may choose; only colours that exist for the hazard."""
    known = parts.catalogue
    response.headers["ETag"] = f'"{known.version}.{known.authority.version}.{known.products.version}"'
    return CatalogueView(
        version=known.version,
        authority_version=known.authority.version,
        sender_code=parts.press.sender_code,
        sender_name=parts.press.sender_name,
        sms_signature=parts.press.signature,
        signals=[_signal(hazard) for hazard in known.offered],
        colours=_colours(known),
        authority=_authority(known),
        products=_products(known),
        departments={name: _both(one) for name, one in known.products.departments.items()},
    )


def _both(words: object) -> Both:
    return Both.model_validate(words, from_attributes=True)


def _signal(hazard: Hazard) -> SignalView:
    return SignalView(
        code=hazard.code,
        name=_both(hazard.name),
        slots=[
            SlotView(name=name, label=_both(slot.label), optional=slot.clause is not None)
            for name, slot in hazard.slots.items()
        ],
        levels=[
            GradeView(
                level=level,
                criteria=_both(grade.criteria),
                verified=grade.verified,
                window_hours=grade.window_hours,
                validity_hours=grade.validity_hours,
                defaults=dict(grade.defaults),
                call=_both(grade.call),
            )
            for level, grade in sorted(hazard.levels.items(), key=lambda item: item[0].rank)
        ],
    )


def _products(known: Catalogue) -> list[ProductView]:
    return [
        ProductView(
            product=name,
            name=_both(one.name),
            ways=list(one.ways),
            fixed=sorted(one.fixed),
            stages=list(one.stages),
            departments=list(one.departments),
            subjects=[_signal(subject) for subject in one.subjects],
        )
        for name, one in known.products.products.items()
    ]


def _colours(known: Catalogue) -> list[ColourView]:
    return [
        ColourView(level=level, name=_both(colour.name), roman=colour.roman, word=_both(colour.word))
        for level, colour in known.signals.colours.items()
    ]


def _authority(known: Catalogue) -> list[AuthorityView]:
    return [
        AuthorityView(
            product=product,
            level=level,
            **{deed.value: [sorted(one.roles) for one in needed] for deed, needed in deeds.items()},
        )
        for product, levels in known.authority.products.items()
        for level, deeds in levels.items()
    ]
