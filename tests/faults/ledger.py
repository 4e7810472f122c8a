"""What the database says after a fault, against what was acknowledged before."""

import psycopg

from tests.services.full import Full
from tests.services.phones import Phones


def nothing_is_lost(full: Full, phones: Phones) -> bool:
    """Whether every answer that a phone was thanked for stands in the database."""
    assert phones.acknowledged
    with psycopg.connect(full.database.url) as connection:
        rows = connection.execute(
            "SELECT id FROM twofactor_challenge WHERE id = ANY(%s) AND answered_by_id IS NOT NULL",
            [list(phones.acknowledged)],
        ).fetchall()
    return {row[0] for row in rows} == set(phones.acknowledged)


def change(full: Full, statement: str, *values: object) -> int:
    """Moves time by moving the rows' times; returns how many rows it moved."""
    with psycopg.connect(full.database.url) as connection:
        return connection.execute(statement, values).rowcount
