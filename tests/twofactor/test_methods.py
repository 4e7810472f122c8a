"""Every combination of methods: whether the password is enough, where the second step begins, and
what is left when one goes. A kind forgotten in one place would let the password alone in.
"""

from itertools import chain, combinations, product
from typing import Any

import pytest

from accounts import clock
from accounts.models import User
from devices import enrolment
from devices.models import Device, DeviceState
from tests.linked import Linked
from tests.otp import At, add_otp_app, at_in, code_of
from tests.pages import browser, is_signed_in, log_in, two_factor_browser
from tests.people import VISITOR, make_user
from tests.software_key import add_key
from tests.twofactor.asking import answer
from twofactor import backup_codes, methods, ways
from twofactor.method_models import OtpApp, SecurityKey
from twofactor.methods import AfterRemoval
from twofactor.models import Challenge

pytestmark = pytest.mark.django_db

KINDS = ("device", "key", "otp")
SUBSETS = [frozenset(s) for s in chain(*(combinations(KINDS, n) for n in range(len(KINDS) + 1)))]
HALF_DONE = ("", "pending device", "unconfirmed app", "revoked device", "backup codes")


def give(user: User, kind: str) -> Any:
    """A row as it stands in the table when `user` has such a method, or half of one."""
    if "device" in kind:
        states = {"pending device": DeviceState.PENDING, "revoked device": DeviceState.REVOKED}
        state = states.get(kind, DeviceState.ACTIVE)
        active = state == DeviceState.ACTIVE
        return Device.objects.create(user=user, name=kind, state=state, confirmed=active)
    if kind == "key":
        return SecurityKey.objects.create(
            user=user, name=kind, created_at=clock.now(), credential_id=user.pk.bytes
        )
    if kind == "backup codes":
        return backup_codes.generate(user, visitor=VISITOR)
    return OtpApp.objects.create(
        user=user, name=kind, confirmed=kind == "otp", created_at=clock.now()
    )


def name(subset: frozenset[str]) -> str:
    return "+".join(sorted(subset)) or "nothing"


@pytest.mark.parametrize("must_enrol", [False, True])
@pytest.mark.parametrize("half_done", HALF_DONE)
@pytest.mark.parametrize("subset", SUBSETS, ids=name)
def test_the_password_is_enough_only_where_there_is_no_method(
    subset: frozenset[str], half_done: str, must_enrol: bool
) -> None:
    user = make_user()
    for kind in (*subset, *([half_done] if half_done else [])):
        give(user, kind)
    User.objects.update(must_enrol=must_enrol)
    user.refresh_from_db()
    assert methods.enabled(user) is bool(subset)
    assert methods.overview(user).enabled is bool(subset)
    assert methods.required(user) is (bool(subset) or must_enrol)


@pytest.mark.parametrize("subset", SUBSETS, ids=name)
def test_the_second_step_begins_the_best_way_there_is(subset: frozenset[str]) -> None:
    user = make_user()
    for kind in subset:
        give(user, kind)
    visitor = browser()
    log_in(visitor)
    page = visitor.get("/login/verify/")
    pages = {"device": "", "key": "/login/verify/key/", "otp": "/login/verify/code/"}
    begins = next((pages[kind] for kind in KINDS if kind in subset), "/manager/")
    assert page.headers.get("Location", "") == begins
    assert is_signed_in(visitor) is (not subset)


@pytest.mark.parametrize("subset", SUBSETS[1:], ids=name)
def test_each_page_offers_the_other_ways_and_the_best_first(subset: frozenset[str]) -> None:
    user = make_user()
    for kind in subset:
        give(user, kind)
    order = [way.name for way in ways.of(user)]
    codes = bool({"device", "otp"} & subset)
    held = {"key": "key" in subset, "kauth": "device" in subset, "code": codes}
    assert order == [*(way for way, there in held.items() if there), "backup_code"]
    visitor = browser()
    log_in(visitor)
    for way in ways.of(user):
        shown = visitor.get(way.address).context["ways"]
        assert [other.name for other in shown] == [other for other in order if other != way.name]


@pytest.mark.parametrize("way", ["key", "kauth", "code"])
@pytest.mark.parametrize("subset", SUBSETS, ids=name)
def test_d72_what_a_browser_used_last_opens_no_way_that_is_not_there(
    subset: frozenset[str], way: str
) -> None:
    user = make_user()
    for kind in subset:
        give(user, kind)
    begins = ways.first(user, used_last=way)
    assert begins in ways.of(user)


@pytest.mark.parametrize(
    ("subset", "kind", "by"),
    [
        (subset, kind, by)
        for subset, by in product(SUBSETS, (enrolment.BY_PERSON, "an administrator"))
        for kind in subset
    ],
    ids=lambda value: value if isinstance(value, str) else name(value),
)
def test_d43_what_is_left_when_one_goes(subset: frozenset[str], kind: str, by: str) -> None:
    user = make_user()
    rows = {each: give(user, each) for each in subset}
    rest = subset - {kind}
    if not rest:
        expected = AfterRemoval.OFF
    elif rest == {"otp"}:
        expected = AfterRemoval.CODES_ONLY
    else:
        expected = AfterRemoval.PROTECTED
    assert methods.without(rows[kind]) == expected
    remove = enrolment.revoke if kind == "device" else methods.remove
    assert remove(rows[kind], visitor=VISITOR, by=by)
    user = User.objects.get(pk=user.pk)
    switched_off = not rest and by == enrolment.BY_PERSON
    assert methods.required(user) is not switched_off
    assert user.must_enrol is (not rest and not switched_off)


@pytest.mark.parametrize("way", ["kauth", "code of the device", "code of the app", "key", "backup"])
def test_d71_any_method_confirms_who_is_there(
    alice: Linked, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at: At = at_in(monkeypatch)
    at(0)
    app, key = add_otp_app(alice.user), add_key(alice.user)
    desk = two_factor_browser(alice.user)
    at(400)
    again = desk.get("/2fa/add/")["Location"]
    assert again.startswith("/login/again/")
    assert desk.post(again)["Location"] == "/login/verify/"
    desk.get("/login/verify/")
    page, fields = "/login/verify/", {}
    if way == "kauth":
        answer(alice, Challenge.objects.get(), number=Challenge.objects.get().number)
    elif way == "key":
        page = "/login/verify/key/"
        fields = {"answer": key.sign(desk.get(page).context["options"])}
    elif way == "backup":
        page = "/login/verify/backup-code/"
        fields = {"code": (backup_codes.readable(alice.user) or [])[0]}
    else:
        page = "/login/verify/code/"
        fields = {"code": code_of(app if way == "code of the app" else alice.row)}
    assert desk.get("/2fa/add/").status_code == 302
    assert desk.post(page, fields)["Location"] == "/2fa/add/"
    assert desk.get("/2fa/add/").status_code == 200
