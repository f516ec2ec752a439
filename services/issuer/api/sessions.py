"""Sessions: sign in, who is signed in, which sessions I have, sign out."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from services.issuer.actions import current, end_others, end_session, sign_in, sign_out
from services.issuer.actions.door import principal_of
from services.issuer.api.bodies import SignInBody
from services.issuer.api.parts import IssuerParts, agent_of, session_token
from services.issuer.api.people_views import (
    CurrentView,
    EndedView,
    OwnSessionView,
    SessionView,
    person_view,
    session_views,
)
from services.kit.identity import Anyone, session_name, token_sha256

# Without Idempotency-Key: its store would hold the token in clear.
router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"], default_response_class=JSONResponse)


@router.post("", status_code=201, summary="Sign in")
async def post_session(body: SignInBody, request: Request, parts: IssuerParts) -> SessionView:
    """Open a session: its token goes into `Authorization: Bearer`. It ends when idle, and after some hours.

    401 `/problems/code-needed` says that the password is right and the account needs its code as well.
    """
    opened = await sign_in(
        parts.db,
        parts.doorman,
        body.username,
        body.password.get_secret_value(),
        body.code.get_secret_value(),
        agent_of(request),
    )
    person = opened.person
    return SessionView(
        token=opened.token, expires_at=opened.ends_at, user=person_view(person), owes=person.owes
    )


@router.get("/current", summary="Who is signed in")
async def get_current(request: Request, parts: IssuerParts) -> CurrentView:
    """Return whose session it is; 401 when it has ended."""
    session, account = await current(parts.sessions, session_token(request))
    found = await parts.sessions.bound(principal_of(session, account))
    ends_at = session.ends_at(parts.sessions.limits)
    return CurrentView(**vars(person_view(found)), expires_at=ends_at, owes=found.owes)


@router.delete("/current", status_code=204, response_class=Response, summary="Sign out")
async def delete_current(request: Request, parts: IssuerParts, _: Anyone) -> Response:
    """End the session."""
    await sign_out(parts.db, session_token(request))
    return Response(status_code=204)


@router.get("", summary="My sessions")
async def get_sessions(request: Request, parts: IssuerParts, someone: Anyone) -> list[OwnSessionView]:
    """Return the sessions of this account that stand, the newest first."""
    found = await parts.sessions.of(someone.username)
    return session_views(found, session_token(request), parts.sessions.limits)


@router.delete("/others", summary="Sign out everywhere else")
async def delete_others(request: Request, parts: IssuerParts, someone: Anyone) -> EndedView:
    """End all sessions of this account but the one that asks."""
    mine = session_name(token_sha256(session_token(request)))
    return EndedView(ended=await end_others(parts.db, someone.username, mine))


@router.delete("/{name}", status_code=204, response_class=Response, summary="End one of my sessions")
async def delete_session(name: str, parts: IssuerParts, someone: Anyone) -> Response:
    """End a session of this account by its name."""
    await end_session(parts.db, someone.username, name)
    return Response(status_code=204)
