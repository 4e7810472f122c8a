"""Who may read /metrics, what is counted as refused, and what happens to old numbers."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from prometheus_client import REGISTRY
from pytest_django import Settings

from accounts import audit
from accounts.models import EventKind
from kauth_site import metrics_folder, monitoring
from tests.kauth_site.configured import Configure, configure
from tests.pages import browser

__all__ = ["configure"]

TOKEN = "a token for monitoring"


@pytest.mark.django_db
def test_without_a_setting_there_is_no_such_page() -> None:
    assert browser().get("/metrics").status_code == 404


@pytest.fixture
def opened(settings: Settings) -> None:
    settings.KAUTH_METRICS_TOKEN = TOKEN
    settings.KAUTH_METRICS_NETWORKS = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("address", "authorization", "may"),
    [
        ("198.51.100.1", f"Bearer {TOKEN}", True),
        ("10.1.2.3", "", True),
        ("::1", "", True),
        ("198.51.100.1", "", False),
        ("198.51.100.1", "Bearer ", False),
        ("198.51.100.1", f"Bearer {TOKEN}!", False),
        ("198.51.100.1", TOKEN, False),
        ("11.1.2.3", "", False),
        ("", "", False),
    ],
)
def test_only_who_is_near_or_has_the_token_reads_them(
    address: str, authorization: str, may: bool
) -> None:
    assert monitoring.may_read(address=address, authorization=authorization) is may


def test_no_token_is_no_key(settings: Settings) -> None:
    settings.KAUTH_METRICS_TOKEN, settings.KAUTH_METRICS_NETWORKS = "", ()
    assert not monitoring.may_read(address="10.1.2.3", authorization="Bearer ")


@pytest.mark.parametrize("networks", ["everywhere", "10.0.0.1/8", "10.0.0.0/8;::1"])
def test_what_is_no_network_stops_the_start(configure: Configure, networks: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="KAUTH_METRICS_NETWORKS"):
        configure(KAUTH_METRICS_NETWORKS=networks)


def refusals(reason: str) -> float:
    return REGISTRY.get_sample_value("kauth_refusals_total", {"reason": reason}) or 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "detail", "reason"),
    [
        (EventKind.CODE_WRONG, "", "code_wrong"),
        (EventKind.ANSWER_REFUSED, "approve: not_pending", "answer_refused/not_pending"),
        (EventKind.DEVICE_CALL_REFUSED, "clock", "device_call_refused/clock"),
    ],
)
def test_a_refusal_is_counted_by_its_reason(kind: EventKind, detail: str, reason: str) -> None:
    before = refusals(reason)
    audit.record(kind, detail=detail)
    assert refusals(reason) == before + 1


@pytest.mark.django_db
def test_what_is_no_refusal_is_not_counted_as_one() -> None:
    audit.record(EventKind.SIGNED_IN)
    assert refusals("signed_in") == 0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(metrics_folder.VARIABLE, str(tmp_path))
    (tmp_path / "counter_1.db").touch()
    return tmp_path


def test_numbers_of_an_earlier_run_are_dropped(folder: Path) -> None:
    metrics_folder.prepare(folder)
    assert list(folder.glob("*.db")) == []


def test_numbers_are_kept_while_any_process_runs(folder: Path) -> None:
    metrics_folder.prepare(folder)
    (folder / "counter_2.db").touch()
    metrics_folder.prepare(folder)
    assert [file.name for file in folder.glob("*.db")] == ["counter_2.db"]
