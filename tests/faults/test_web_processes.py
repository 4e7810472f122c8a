"""A web process is killed, not asked to stop: what it had acknowledged still stands."""

from contextlib import closing

import psutil

from deploy.local.site import WebProcess
from tests.faults.conftest import Supply
from tests.faults.ledger import nothing_is_lost
from tests.journeys.browser import Browser
from tests.services.full import Full
from tests.services.phones import Phones
from tests.services.processes import wait_until
from tests.services.signing_in import begin, sign_in, wait_for_yes


def kill_workers(pages: WebProcess) -> None:
    """All at once; gunicorn starts others. Returns when these answer."""
    for worker in psutil.Process(pages.running.pid).children():
        worker.kill()
    wait_until(pages.is_healthy, pages.running, pages.log)


def test_an_approval_outlives_the_page_process_that_is_killed_before_the_redirect(
    full_site: Full, supply: Supply
) -> None:
    person = supply.one()
    with Phones([person]) as phones, closing(Browser(full_site.origin)) as browser:
        begin(browser, person)
        wait_for_yes(browser)
        kill_workers(full_site.site.pages)
        browser.press("I have answered")
        assert browser.path == "/manager/"
        assert nothing_is_lost(full_site, phones)


def test_phones_of_a_killed_socket_process_go_to_another_one(
    full_site: Full, supply: Supply
) -> None:
    people = supply.take(4)
    with Phones(people) as phones:
        victim = full_site.site.sockets[1]
        victim.kill()
        phones.wait_until(len(people))
        assert [sign_in(full_site.origin, person) for person in people] == ["/manager/"] * 4
        victim.start()
        assert nothing_is_lost(full_site, phones)
