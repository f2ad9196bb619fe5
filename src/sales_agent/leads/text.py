"""How leads make text from outside harmless. The rules live on the floor because connectors need them too."""

from __future__ import annotations

from sales_agent.core.text import clean_text, looks_hostile, one_line

__all__ = ["clean_text", "looks_hostile", "one_line"]
