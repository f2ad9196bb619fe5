"""One chain of migrations gives, on both databases, exactly the tables the models describe."""

import warnings

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, inspect, text

import sales_agent.migrations.models  # noqa: F401
from sales_agent.core.database import Base, normalised_url
from sales_agent.migrations.run import expected_revision, migrate


def test_the_chain_ends_where_the_models_are(database_url: str) -> None:
    migrate(database_url)
    migrate(database_url)  # again: nothing to do
    url = normalised_url(database_url)
    drivername = "sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg"
    engine = create_engine(url.set(drivername=drivername), poolclass=NullPool)
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # expression indexes cannot be compared on SQLite; they are checked below
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == expected_revision()
        names = {index["name"] for table in inspect(connection).get_table_names() for index in inspect(connection).get_indexes(table)}
    engine.dispose()
    assert "ix_jobs_wake_at" in names
    if url.get_backend_name() == "postgresql":
        assert "ix_drafts_queue" in names
