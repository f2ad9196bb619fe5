"""/docs: the API on one static page, made from the OpenAPI document. No script, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any

from sales_agent.web.openapi import operations

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
h2{margin-top:2.5rem}h3{font-size:1rem;margin:1.5rem 0 .25rem}code{font:0.9em ui-monospace,monospace}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #d0d7de;padding:.25rem .75rem .25rem 0;
vertical-align:top}
td:first-child{width:4rem}b{display:inline-block;min-width:4rem}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}td{border-color:#30363d}a{color:#79c0ff}}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; "
                           "base-uri 'none'; form-action 'none'")


def docs_page(document: Mapping[str, Any]) -> str:
    """The whole page as HTML."""
    info = document["info"]
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
            f'<h1>{escape(info["title"])} {escape(info["version"])}</h1><p>{escape(info.get("description", ""))}</p>'
            f'<p>For machines: <a href="/openapi.json">/openapi.json</a></p>'
            f"{_sections(document)}{_codes(document)}</body></html>")


def _sections(document: Mapping[str, Any]) -> str:
    by_tag: dict[str, list[str]] = {}
    for method, path, operation in operations(document):
        tag = operation.get("tags", ["Other"])[0]
        by_tag.setdefault(tag, []).append(_operation(method, path, operation))
    return "".join(f"<h2>{escape(tag)}</h2>{''.join(entries)}" for tag, entries in by_tag.items())


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    about = operation.get("description") or operation.get("summary", "")
    rows = "".join(f"<tr><td>{escape(status)}</td><td>{_meaning(response)}</td></tr>"
                   for status, response in sorted(operation["responses"].items()))
    return (f"<h3><b>{escape(method)}</b> <code>{escape(path)}</code></h3><p>{escape(about)}</p>"
            f"{_inputs(operation)}<table>{rows}</table>")


def _inputs(operation: Mapping[str, Any]) -> str:
    named = [f"{parameter['name']} ({parameter['in']})" for parameter in operation.get("parameters", ())]
    media = operation.get("requestBody", {}).get("content", {}).values()
    named += [f"a JSON body: {_schema_name(each.get('schema', {}))}" for each in media]
    return f"<p>Takes {escape(', '.join(named))}.</p>" if named else ""


def _schema_name(schema: Mapping[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", ())]
    names = [option["$ref"].rpartition("/")[2] for option in options if "$ref" in option]
    return names[0] if names else str(schema.get("title") or schema.get("type") or "see /openapi.json")


def _meaning(response: Mapping[str, Any]) -> str:
    codes = response.get("x-codes")
    if codes:
        return " ".join(f'<a href="#{escape(code)}"><code>{escape(code)}</code></a>' for code in codes)
    return escape(response.get("description", ""))


def _codes(document: Mapping[str, Any]) -> str:
    """Where a problem's `type` leads: each code and the operations that answer it."""
    places: dict[str, list[str]] = {}
    for method, path, operation in operations(document):
        for response in operation["responses"].values():
            for code in response.get("x-codes", ()):
                places.setdefault(code, []).append(f"{method} {path}")
    rows = "".join(f'<h3 id="{escape(code)}"><code>{escape(code)}</code></h3><p>{escape(", ".join(where))}</p>'
                   for code, where in sorted(places.items()))
    return f"<h2>Problems</h2><p>Every error is RFC 9457 problem JSON with one of these codes.</p>{rows}"
