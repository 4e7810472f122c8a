"""A new version is brought in while people sign in: nobody's sign-in is lost."""

import signal

import psutil

from deploy.local.processes import Program
from tests.services import population
from tests.services.full import Full
from tests.services.phones import Phones
from tests.services.signing_in import everybody_signing_in
from tests.waiting import until


def test_a_rolling_restart_of_all_web_processes_loses_no_sign_in(full_site: Full) -> None:
    people = population.made(full_site.site, 4, "rolling")
    with (
        Phones(people) as phones,
        everybody_signing_in(full_site.origin, people) as tally,
    ):
        reload(full_site.site.pages)
        for process in full_site.site.sockets:
            process.stop()
            process.start()
            phones.wait_until(len(people))
    assert tally.problems == []
    assert tally.good == len(tally.paths) > len(people)


def reload(pages: Program) -> None:
    """gunicorn's own way to bring in a new version: returns when only new workers are left."""
    master = psutil.Process(pages.running.pid)
    old = master.children()
    master.send_signal(signal.SIGHUP)
    until(lambda: not any(worker.is_running() for worker in old), "The old workers' end", 60)
    assert len(master.children()) == len(old)
