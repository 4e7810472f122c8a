"""Worker and beat are dead: nobody needs them to get in, and what is overdue stays refused."""

from contextlib import closing
from datetime import timedelta

import httpx

from deploy.local.processes import Program
from tests.faults.conftest import Supply
from tests.faults.ledger import change
from tests.journeys.browser import Browser
from tests.journeys.wire import connected
from tests.services.full import Full
from tests.services.phones import Phones
from tests.services.population import Person
from tests.services.processes import wait_until
from tests.services.signing_in import begin, sign_in, sign_in_by_backup_code, state_of
from tests.waiting import until


def expiry(full: Full) -> str:
    return str(httpx.get(f"{full.origin}/readyz").json()["expiry"])


def mails_of(worker: Program) -> int:
    return worker.output().count("A backup code was used")


def test_d04_ten_minutes_without_worker_and_beat_change_nothing_but_the_mail(
    full_site: Full, supply: Supply
) -> None:
    asked, late = supply.take(2)
    worker, beat = full_site.site.worker, full_site.site.beat
    push_worker = full_site.site.push_worker
    for program in (worker, push_worker, beat):
        program.kill()
    change(full_site, "UPDATE twofactor_expiryrun SET ran_at = now() - interval '10 minutes'")
    assert expiry(full_site) == "late"
    with Phones([asked]):
        assert sign_in(full_site.origin, asked) == "/manager/"
    assert_overdue_is_refused(full_site, late)
    mails = mails_of(worker)
    assert sign_in_by_backup_code(full_site.origin, supply.careful) == "/manager/"
    for program in (worker, push_worker, beat):
        program.start()
    wait_until(lambda: expiry(full_site) == "ok", beat.running, beat.log)
    wait_until(lambda: mails_of(worker) > mails, worker.running, worker.log)


def assert_overdue_is_refused(full: Full, person: Person) -> None:
    with closing(Browser(full.origin)) as browser:
        begin(browser, person)
        soon = "UPDATE twofactor_challenge SET expires_at = date_trunc('second', now()) + %s"
        waits = " WHERE state = 'pending' AND user_id = %s"
        assert change(full, soon + waits, timedelta(seconds=2), person.phone.account) == 1
        with connected(full.origin, person.phone) as phone:
            asked = phone.hear()
            until(lambda: state_of(browser) == "expired", "The end of its time")
            phone.answer("approve", request=asked)
            assert phone.hears("result")["error"] == "expired"
        browser.press("I have answered")
        assert browser.path == "/login/verify/"
