"""For Celery's own tools: `celery -A sales_agent.worker.celery_entry worker|beat|inspect|flower`."""

from sales_agent.core.settings import load_settings
from sales_agent.worker.app import create_celery
from sales_agent.worker.tasks import register_tasks

settings = load_settings()
app = create_celery(settings)
workplace = register_tasks(app, settings)
