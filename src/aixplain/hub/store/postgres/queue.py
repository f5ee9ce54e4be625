"""The queue of the runs that wait: PgQueuer's tables, beside those of the hub."""

from __future__ import annotations

from typing import Any

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings, Durability

#: Every name is told, for it would else be read from the environment. `balanced` keeps the queue through a crash of the
#: server, and not PgQueuer's log: what happened to a run stands in its row.
SETTINGS = DBSettings(
    prefix="",
    db_schema=None,
    channel="aixplain_pgqueuer",
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.balanced,
)


def pgqueuer_over(connection: Any) -> Queries:
    """PgQueuer's own queries, over a connection of the driver."""
    return Queries(
        AsyncpgDriver(connection),
        QueryBuilderEnvironment(SETTINGS),
        QueryQueueBuilder(SETTINGS),
        QuerySchedulerBuilder(SETTINGS),
    )
