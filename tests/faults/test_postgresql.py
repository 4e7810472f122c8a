"""PostgreSQL is restarted while people sign in: who was under way tries again, and gets in."""

from contextlib import ExitStack, closing

import pytest

from tests.faults.conftest import Supply
from tests.faults.findings import Findings
from tests.faults.ledger import nothing_is_lost
from tests.journeys.browser import Browser
from tests.services.full import Full
from tests.services.phones import Phones
from tests.services.signing_in import (
    begin,
    everybody_signing_in,
    gets_in_without_an_answer,
    sign_in,
    sign_in_by_backup_code,
    sign_in_by_code,
    wait_for_yes,
)


def restart(full: Full) -> None:
    full.database.stop()
    full.database.start()


@pytest.mark.long
def test_d17_after_a_restart_of_the_database_everybody_gets_in_again(
    full_site: Full, supply: Supply
) -> None:
    people = supply.take(3)
    with Phones(people) as phones:
        with everybody_signing_in(full_site.origin, people) as tally:
            phones.wait_for_answers(len(people))
            restart(full_site)
            phones.wait_for_answers(len(phones.acknowledged) + len(people))
        assert set(tally.paths) == {"/manager/"}
        assert [sign_in(full_site.origin, person) for person in people] == ["/manager/"] * 3
        assert nothing_is_lost(full_site, phones)


def test_d17_questions_outlive_a_restart_of_the_database(
    full_site: Full, supply: Supply, findings: Findings
) -> None:
    origin = full_site.origin
    people, (with_code, stranger) = supply.take(3), supply.take(2)
    with ExitStack() as stack:
        pages = [stack.enter_context(closing(Browser(origin))) for _ in people]
        for page, person in zip(pages, people, strict=True):
            begin(page, person)
        restart(full_site)
        with (
            findings.time("PostgreSQL restarted", "three who waited have their YES"),
            Phones(people) as phones,
        ):
            for page in pages:
                wait_for_yes(page)
        for page in pages:
            page.press("I have answered")
        assert [page.path for page in pages] == ["/manager/"] * 3
        assert nothing_is_lost(full_site, phones)
    assert sign_in_by_code(origin, with_code) == "/manager/"
    assert sign_in_by_backup_code(origin, supply.careful) == "/manager/"
    assert not gets_in_without_an_answer(origin, stranger)
