"""The HTTP application: routes, errors and the edge, put together."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp

from sales_agent import __version__
from sales_agent.core.errors import AppError
from sales_agent.web import health, unsubscribe
from sales_agent.web.api import drafts, quota, sending, tasks
from sales_agent.web.docs_page import CONTENT_SECURITY_POLICY, docs_page
from sales_agent.web.edge import Edge
from sales_agent.web.openapi import build_openapi
from sales_agent.web.problems import answer_with_problem
from sales_agent.web.services import WebServices

ROUTERS = (tasks.router, drafts.router, sending.router, quota.router, unsubscribe.router, health.router)
ABOUT = "Answers inbound leads with reviewed email drafts."


class Application(FastAPI):
    """FastAPI with our edge outside of everything, also of the framework's own error page."""

    def build_middleware_stack(self) -> ASGIApp:
        services: WebServices = self.state.services
        https = services.settings.runtime.base_url.startswith("https:")
        return Edge(super().build_middleware_stack(), services.extra_routes, https=https)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = build_openapi(self, self.state.services.extra_openapi_paths)
        return self.openapi_schema


def create_app(services: WebServices) -> FastAPI:
    """The API on these services. Nothing is connected to until the first request."""
    app = Application(title="Sales Agent", version=__version__, description=ABOUT, docs_url=None, redoc_url=None,
                      redirect_slashes=False, lifespan=services.lifespan)
    app.state.services = services
    for kind in (AppError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer_with_problem)
    app.router.routes.extend(services.extra_routes)
    for router in ROUTERS:
        app.include_router(router)
    app.add_api_route("/docs", _docs, include_in_schema=False, response_class=HTMLResponse)
    return app


async def _docs(request: Request) -> HTMLResponse:
    """This API on one page."""
    page = docs_page(request.app.openapi())
    return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})
