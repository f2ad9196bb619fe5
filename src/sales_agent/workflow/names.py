"""The steps' names in order, for whoever shows progress."""

from sales_agent.workflow.steps import STEPS

STEP_NAMES: tuple[str, ...] = tuple(step.name for step in STEPS)
