"""Commands that keep running: everything in one process, or one part each for production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from celery import Celery

    from sales_agent.worker.tasks import Workplace


def register(app: typer.Typer) -> None:
    for command in (up, api, worker, beat, demo):
        app.command()(command)


def up(
    sample: Annotated[bool, typer.Option("--sample/--no-sample", help="Feed the sample leads when the database is new.")] = False,
) -> None:
    """Start everything in this process: API, worker and beat, on the embedded default."""
    from sales_agent.cli.context import settings_to_run
    from sales_agent.cli.embedded import run_everything
    from sales_agent.core.event_loop import run

    if sample:
        from sales_agent.cli.embedded import prepare_sample

        prepare_sample()
    run(run_everything(settings_to_run(), sample=sample))


def api() -> None:
    """Serve HTTP only. Any number may run side by side; workers run on their own."""
    from sales_agent.cli.context import settings_to_run
    from sales_agent.cli.serving import serve
    from sales_agent.core.event_loop import run
    from sales_agent.migrations.run import ensure_embedded

    settings = settings_to_run()
    ensure_embedded(settings)
    run(serve(settings))


def worker() -> None:
    """Work on leads only. Any number may run side by side; needs CELERY_BROKER_URL."""
    celery, workplace = _celery_for_production("worker")
    _serve_metrics()
    workplace.process()  # whatever is wrong with a setting is said now, in one line
    celery.worker_main(["worker", "--pool", "threads", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"])


def _serve_metrics() -> None:
    from sales_agent.core.settings import load_settings

    settings = load_settings()
    if settings.work.worker_metrics_port:
        from prometheus_client import start_http_server

        start_http_server(settings.work.worker_metrics_port, addr=settings.runtime.api_host)


def beat() -> None:
    """Start the periodic chores only; one is enough, two do no harm. Needs CELERY_BROKER_URL."""
    from sales_agent.core.settings import load_settings

    schedule = load_settings().runtime.var_dir / "beat-schedule"
    schedule.parent.mkdir(parents=True, exist_ok=True)
    _celery_for_production("beat")[0].Beat(schedule=str(schedule), loglevel="WARNING").run()


def _celery_for_production(command: str) -> tuple[Celery, Workplace]:
    from sales_agent.cli.context import settings_to_run
    from sales_agent.core.errors import ConfigurationError
    from sales_agent.migrations.run import ensure_embedded
    from sales_agent.worker.app import create_celery
    from sales_agent.worker.tasks import register_tasks

    settings = settings_to_run()
    if settings.embedded:
        raise ConfigurationError(f"CELERY_BROKER_URL: must be set for `sales-agent {command}`; "
                                 "without a broker, `sales-agent up` runs everything in one process")
    ensure_embedded(settings)
    celery = create_celery(settings)
    return celery, register_tasks(celery, settings)


def demo(
    leave: Annotated[bool, typer.Option("--exit", help="End after the leads; exit code 0 only if all went as expected.")] = False,
) -> None:
    """Show the whole way of the sample leads in a fresh, temporary place. Nothing of yours is touched."""
    from sales_agent.cli.embedded import run_demo_world
    from sales_agent.core.event_loop import run

    raise typer.Exit(run(run_demo_world(leave=leave)))
