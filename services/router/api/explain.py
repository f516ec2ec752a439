"""POST /api/v1/explain: whom a warning would reach, by which rule, and why not others. GET /api/v1/rules."""

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from contracts.values import Instant
from services.kit.identity import SERVICE, needs, principal
from services.router.actions.preview import preview
from services.router.api.asking import AskedBody
from services.router.api.parts import RouterParts
from services.router.api.why import FaultView, WhyView, fault_views, why_view
from services.router.model.explain import explain

router = APIRouter(prefix="/api/v1", tags=["rules"], default_response_class=JSONResponse)


class ExplainBody(AskedBody):
    """What is to be warned of, and where; nothing is kept and nothing is sent."""

    at: Instant | None = Field(None, description="The moment for which rules read their hours; left out: now")


class RulesView(BaseModel):
    """The rules in force, as they are written."""

    version: str
    sha256: str
    text: str
    faults: list[FaultView]
    """Of the file that should have replaced them; empty when they are the newest."""


@router.post(
    "/explain",
    summary="Who would hear a warning, by which rule, and why not others",
    dependencies=[
        Depends(needs("drafter", "checker", "signer", "town-desk", "auditor", "operator", SERVICE))
    ],
)
async def post_explain(body: ExplainBody, parts: RouterParts) -> WhyView:
    """Return what every rule and every way comes to."""
    await parts.filled()
    question = body.question(parts, body.at)
    drawn = await preview(parts.db, parts.library, parts.rulebook.rules, question)
    return why_view(drawn, explain(drawn, question.channels), parts.rulebook.faults)


@router.get("/rules", summary="The routing rules in force", dependencies=[Depends(principal)])
async def get_rules(parts: RouterParts) -> RulesView:
    """Return the rules in force, and what is wrong with those that should have replaced them."""
    book = parts.rulebook
    faults = fault_views(book.faults)
    return RulesView(
        version=book.rules.version, sha256=book.rules.sha256, text=book.rules.text, faults=faults
    )
