"""Signing in and out with a browser."""

from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.issuer.actions import sign_in, sign_out
from services.issuer.api import IssuerParts, session_token
from services.issuer.desk.page import page, summary
from services.kit.errors import Forbidden, Unauthenticated
from services.kit.identity import Someone, cookie_name, source_of

router = APIRouter(include_in_schema=False)

LONGEST_NAME, LONGEST_PASSWORD = 40, 200


@router.get("/sign-in")
async def show_sign_in(request: Request, parts: IssuerParts, next: str = "/") -> HTMLResponse:  # noqa: A002
    """Ask for name and password."""
    return page("sign_in.html", request=request, parts=parts, next=_inside(next), username="", errors=[])


@router.post("/sign-in")
async def take_sign_in(request: Request, parts: IssuerParts) -> Response:
    """Open a session and go where he wanted to go; keep the name when the guess was wrong."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("the request came from another site")
    form = await request.form()
    username, password = (str(form.get(name, "")) for name in ("username", "password"))
    then = _inside(str(form.get("next", "/")))
    try:
        opened = await sign_in(
            parts.db,
            parts.doorman,
            username.strip().lower()[:LONGEST_NAME],
            password[:LONGEST_PASSWORD],
            source_of(request),
        )
    except Unauthenticated as error:
        values = {"next": then, "username": username[:LONGEST_NAME], "errors": summary(error)}
        return page("sign_in.html", request=request, parts=parts, status=error.status, **values)
    answer = RedirectResponse(then, status_code=303)
    secure = request.url.scheme == "https"
    answer.set_cookie(cookie_name(request), opened.token, httponly=True, secure=secure, samesite="lax")
    return answer


@router.post("/sign-out")
async def take_sign_out(request: Request, parts: IssuerParts, _: Someone) -> Response:
    """End the session, here and everywhere that asks for it."""
    await sign_out(parts.db, session_token(request), source_of(request))
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(
        cookie_name(request), secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )
    return answer


def _inside(target: str) -> str:
    """Return an address of ours; anything that could lead elsewhere leads home."""
    plain = unquote(target)
    parts = urlsplit(plain)
    ours = plain.startswith("/") and not plain.startswith(("//", "/\\")) and plain.isprintable()
    return target if ours and not parts.scheme and not parts.netloc and "\\" not in plain else "/"
