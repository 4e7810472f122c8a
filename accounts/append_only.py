"""The database itself refuses to change or drop an event that is sealed, whoever asks it to.

That stops a mistake and a stolen statement. Whoever owns the table can take the triggers away;
then the seals tell. They are put there after each migration and not by one: where SQLite makes a
table anew, its triggers go with the old one.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections

REFUSAL = "Security events are never changed and never deleted."
SEALED = "EXISTS (SELECT 1 FROM accounts_eventseal WHERE event = OLD.id)"

SQLITE = [
    f"""CREATE TRIGGER IF NOT EXISTS event_append_only_{verb}
    BEFORE {verb} ON accounts_securityevent WHEN {SEALED}
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"""CREATE OR REPLACE FUNCTION accounts_event_append_only() RETURNS trigger
    LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT 1 FROM accounts_eventseal) THEN
            RETURN NULL;
        ELSIF TG_OP = 'DELETE' AND NOT {SEALED} THEN
            RETURN OLD;
        ELSIF TG_OP = 'UPDATE' AND NOT {SEALED} THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",  # noqa: S608 - of our own words alone
    """CREATE OR REPLACE TRIGGER event_append_only_rows
    BEFORE UPDATE OR DELETE ON accounts_securityevent
    FOR EACH ROW EXECUTE FUNCTION accounts_event_append_only()""",
    """CREATE OR REPLACE TRIGGER event_append_only_all
    BEFORE TRUNCATE ON accounts_securityevent
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_event_append_only()""",
]
THERE = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'event_append_only_DELETE'",
    "postgresql": "SELECT 1 FROM pg_trigger WHERE tgname = 'event_append_only_all'",
}
STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def guard(sender: AppConfig, using: str, **options: Any) -> None:
    """Puts the triggers where they are not yet."""
    connection = connections[using]
    if connection.vendor not in THERE or not _has_tables(connection):
        return
    with connection.cursor() as cursor:
        cursor.execute(THERE[connection.vendor])
        if cursor.fetchone() is None:
            for statement in STATEMENTS[connection.vendor]:
                cursor.execute(statement)


def _has_tables(connection: Any) -> bool:
    tables = connection.introspection.table_names()
    return {"accounts_eventseal", "accounts_securityevent"} <= set(tables)
