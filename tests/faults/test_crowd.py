"""Many phones lose their socket process at the same moment, and all come back at once."""

import resource

import pytest

from tests.faults import usage
from tests.faults.conftest import Supply
from tests.faults.findings import Findings
from tests.faults.ledger import nothing_is_lost
from tests.services import population
from tests.services.full import Full
from tests.services.phones import Phones
from tests.services.signing_in import sign_in, sign_in_by_code

PATIENCE = 900


@pytest.mark.parametrize("many", [100, pytest.param(5_000, marks=pytest.mark.long)])
def test_while_many_phones_come_back_people_get_in(
    full_site: Full, supply: Supply, findings: Findings, many: int
) -> None:
    # A socket each, here.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    people = population.made(full_site.site, many, f"crowd{many}")
    before = usage.of(full_site)
    with Phones(people, pause=5, patience=PATIENCE) as phones:
        victim = full_site.site.sockets[1]
        victim.kill()
        phones.wait_for_a_loss()
        victim.start()
        with findings.time(f"{many} phones, one of two socket processes killed", "all are back"):
            assert sign_in_by_code(full_site.origin, supply.one()) == "/manager/"
            phones.wait_until(many)
        assert sign_in(full_site.origin, people[0]) == "/manager/"
        assert nothing_is_lost(full_site, phones)
    findings.note(f"{many} phones, before and after", str(before))
    findings.note("", str(usage.back_to_normal(full_site, before)))
