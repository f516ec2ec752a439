"""Sessions: sign in, who is signed in, sign out."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from services.issuer.actions import current, sign_in, sign_out
from services.issuer.api.bodies import SignInBody
from services.issuer.api.parts import IssuerParts, session_token
from services.issuer.api.views import CurrentView, SessionView, person_view
from services.kit.identity import Principal, Someone, source_of

# Without Idempotency-Key: its store would hold the token in clear.
router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"], default_response_class=JSONResponse)


@router.post("", status_code=201, summary="Sign in")
async def post_session(body: SignInBody, request: Request, parts: IssuerParts) -> SessionView:
    """Open a session: its token goes into `Authorization: Bearer`. It ends after 30 idle minutes or 12 h."""
    opened = await sign_in(
        parts.db, parts.doorman, body.username, body.password.get_secret_value(), source_of(request)
    )
    return SessionView(token=opened.token, expires_at=opened.ends_at, user=person_view(opened.person))


@router.get("/current", summary="Who is signed in")
async def get_current(request: Request, parts: IssuerParts) -> CurrentView:
    """Return whose session it is; 401 when it has ended."""
    session, account = await current(parts.sessions, session_token(request))
    found = Principal(account.username, account.display_name, account.roles, account.town)
    return CurrentView(**vars(person_view(found)), expires_at=session.ends_at)


@router.delete("/current", status_code=204, response_class=Response, summary="Sign out")
async def delete_current(request: Request, parts: IssuerParts, _: Someone) -> Response:
    """End the session."""
    await sign_out(parts.db, session_token(request), source_of(request))
    return Response(status_code=204)
