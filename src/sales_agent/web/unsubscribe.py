"""Where unsubscribe links lead: a page that only asks, and the one click (RFC 8058) that does it.

Link scanners open every link, so a GET changes nothing. The POST needs no cookie, no login and no token but the
one in its address; mail programs send it on the reader's behalf. Known and unknown links get the same answers.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from sales_agent.core.errors import Unavailable
from sales_agent.sending.suppression import Suppressed, suppress_key
from sales_agent.web.problems import BodyTooLarge, answers
from sales_agent.web.services import WebServices, services_of

Services = Annotated[WebServices, Depends(services_of)]

_STYLE = ("body{font:18px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#1b1f24;background:#fff}"
          "button{font:inherit;padding:.6rem 1.2rem}@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {"X-Robots-Tag": "noindex, nofollow", "Content-Security-Policy": (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")}
_BODY = {"requestBody": {
    "required": False, "description": "`List-Unsubscribe=One-Click`, as mail programs send it; it is not looked at.",
    "content": {kind: {"schema": {}} for kind in ("application/x-www-form-urlencoded", "multipart/form-data")}}}
_HTML = {"text/html": {"schema": {"type": "string"}}}
_PAGE: dict[int | str, dict[str, Any]] = {200: {"description": "A page for people", "content": _HTML}}

router = APIRouter(tags=["Unsubscribe"], default_response_class=HTMLResponse)


@router.get("/u/{token}", responses=_PAGE)
async def ask_to_unsubscribe(services: Services, token: str) -> HTMLResponse:
    """Ask whether the reader means it. Changes nothing."""
    name = escape(services.settings.sender.sender_company)
    return _page("Unsubscribe", f"<h1>Unsubscribe</h1><p>Do you want no more email from {name}?</p>"
                 '<form method="post"><button name="List-Unsubscribe" value="One-Click">Yes, unsubscribe</button></form>')


@router.head("/u/{token}", include_in_schema=False)
async def head_of_unsubscribe(token: str) -> HTMLResponse:
    return _page("Unsubscribe", "")


@router.post("/u/{token}", responses={**_PAGE, **answers(BodyTooLarge, Unavailable)}, openapi_extra=_BODY)
async def unsubscribe(services: Services, token: str) -> HTMLResponse:
    """Never write to this reader again. Doing it twice changes nothing."""
    means = services.door.means
    key = means.unsubscribe.reads(token)
    if key is not None:
        async with services.database.write() as connection:
            await suppress_key(connection, key, Suppressed.UNSUBSCRIBED, "unsubscribe link", services.clock.now(), "recipient")
    name = escape(services.settings.sender.sender_company)
    return _page("Unsubscribed", f"<h1>Done</h1><p>{name} will not write to you again.</p>")


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><meta name="viewport" '
        f'content="width=device-width"><style>{_STYLE}</style></head><body>{body}</body></html>', headers=_HEADERS)
