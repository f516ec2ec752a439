"""One's own account: what it is, its password, its second factor."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, SecretStr

from contracts.printable import Line
from services.issuer import store
from services.issuer.actions import own
from services.issuer.api.bodies import Body
from services.issuer.api.parts import IssuerParts, session_token
from services.issuer.api.people_views import OfferView, OwnAccountView, RecoveryView, account_view
from services.kit.identity import Anyone

# Without Idempotency-Key: its store would hold secrets in clear.
router = APIRouter(prefix="/api/v1/account", tags=["account"], default_response_class=JSONResponse)


class ChangePasswordBody(Body):
    """The present password and a new one."""

    password: SecretStr = Field(min_length=1, max_length=200)
    new: SecretStr = Field(min_length=1, max_length=200)


class EnrolBody(Body):
    """The first code of a secret that was offered; the password as well when one is replaced."""

    ticket: Line = Field(max_length=1000)
    code: SecretStr = Field(min_length=1, max_length=40)
    password: SecretStr = Field(SecretStr(""), max_length=200)


@router.get("", summary="My account")
async def get_account(parts: IssuerParts, someone: Anyone) -> OwnAccountView:
    """Return one's own account, and what must be done before anything else."""
    async with parts.db.read() as connection:
        account = await store.people.known(connection, someone.username)
        left = await store.people.recovery_codes_left(connection, someone.username)
    shown = account_view(account, parts.db.clock.now())
    return OwnAccountView(**vars(shown), owes=account.owes, recovery_codes_left=left)


@router.post("/password", status_code=204, response_class=Response, summary="Change my password")
async def post_password(
    body: ChangePasswordBody, request: Request, parts: IssuerParts, someone: Anyone
) -> Response:
    """Replace one's own password; the other sessions end."""
    old, new = body.password.get_secret_value(), body.new.get_secret_value()
    await own.change_password(parts.db, parts.doorman, someone.username, session_token(request), old, new)
    return Response(status_code=204)


@router.post("/second-factor", summary="Be offered a secret for an authenticator")
async def post_offer(parts: IssuerParts, someone: Anyone) -> OfferView:
    """Return a new secret; nothing is kept before its first code has come."""
    offer = own.offer_factor(parts.doorman, someone.username)
    return OfferView(**vars(offer))


@router.post("/second-factor/confirm", summary="Enrol the secret by its first code")
async def post_enrol(body: EnrolBody, request: Request, parts: IssuerParts, someone: Anyone) -> RecoveryView:
    """Enrol a second factor; the recovery codes are told this once. The other sessions end."""
    codes = await own.enrol(
        parts.db,
        parts.doorman,
        someone.username,
        session_token(request),
        body.ticket,
        body.code.get_secret_value(),
        body.password.get_secret_value(),
    )
    return RecoveryView(recovery_codes=codes)
