"""Who is calling? Asked before anything of the request is read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from sales_agent.web.accounts.service import Actor, actor_with_token
from sales_agent.web.problems import Unauthenticated
from sales_agent.web.services import services_of

# For the OpenAPI document alone; GuardedRoute does the work.
BEARER = HTTPBearer(auto_error=False, description="A token made by `sales-agent token create`")


class GuardedRoute(APIRoute):
    """A route for operators. The caller is known before the body is read, so strangers cannot make us parse."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            request.state.actor = await authenticate(request)
            return await handle(request)

        return guarded


async def authenticate(request: Request) -> Actor:
    """The holder of the bearer token. Raises Unauthenticated."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send a token as 'Authorization: Bearer …'.")
    async with services_of(request).database.read() as connection:
        actor = await actor_with_token(connection, token.strip())
    if actor is None:
        raise Unauthenticated("The token is unknown or was revoked.")
    return actor


def _current_actor(request: Request) -> Actor:
    actor: Actor = request.state.actor
    return actor


CurrentActor = Annotated[Actor, Depends(_current_actor)]
