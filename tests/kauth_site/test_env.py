"""The environment is read strictly: what does not fit stops the start with a sentence."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from kauth_site import env


@pytest.fixture
def variable(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("KAUTH_TRY", raising=False)
    monkeypatch.delenv("KAUTH_TRY_FILE", raising=False)
    return "KAUTH_TRY"


def test_a_variable_that_is_not_set_has_its_default(variable: str) -> None:
    assert env.text(variable, "as it is") == "as it is"


def test_spaces_around_a_value_are_not_meant(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, " value\n")
    assert env.text(variable) == "value"


def test_a_file_holds_the_value_without_its_last_line_end(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv(variable, "from the variable")
    monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / "secret"))
    assert env.text(variable) == "from the file"


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), (b"\xff\xfe", "it is not text")]
)
def test_a_file_that_cannot_be_read_is_named(
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: bytes | None,
    reason: str,
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match=rf"KAUTH_TRY_FILE: .*secret \({reason}"):
        env.text(variable)


@pytest.mark.parametrize(("value", "number"), [("2", 2), ("6", 6), ("04", 4)])
def test_a_whole_number_within_its_bounds_is_taken(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str, number: int
) -> None:
    monkeypatch.setenv(variable, value)
    assert env.integer(variable, 3, low=2, high=6) == number


@pytest.mark.parametrize("value", ["1", "7", "-2", "+2", "2.0", "", "two", "٣", "1_0", "0x3"])
def test_any_other_number_stops_the_start(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImproperlyConfigured, match="a whole number from 2 to 6"):
        env.integer(variable, 3, low=2, high=6)


@pytest.mark.parametrize(("value", "truth"), [("yes", True), ("no", False)])
def test_yes_and_no_are_the_two_answers(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str, truth: bool
) -> None:
    monkeypatch.setenv(variable, value)
    assert env.boolean(variable, default=not truth) is truth


@pytest.mark.parametrize("value", ["true", "1", "No", "", "off"])
def test_nothing_else_is_yes_or_no(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImproperlyConfigured, match="one of: yes, no"):
        env.boolean(variable, default=True)


def test_a_path_may_start_at_home(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "~/data/../kauth")
    assert env.path(variable, Path("/")) == Path.home() / "kauth"


@pytest.mark.parametrize(
    "value",
    [
        "https://auth.example.org",
        "https://auth.example.org:8443",
        "https://localhost",
        "https://192.0.2.1",
        "http://localhost:8000",
        "http://127.0.0.1:65535",
        "https://xn--bcher-kva.example",
    ],
)
def test_an_origin_is_scheme_host_and_unusual_port(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert env.origin(variable, "") == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "auth.example.org",
        "https://",
        "https://auth.example.org/",
        "https://auth.example.org/kauth",
        "https://auth.example.org?",
        "https://auth.example.org#",
        "https://auth.example.org:",
        "https://auth.example.org:443",
        "http://localhost:80",
        "https://auth.example.org:0",
        "https://auth.example.org:65536",
        "https://auth.example.org:٤٤٣",
        "https://admin@auth.example.org",
        "https://AUTH.example.org",
        "HTTPS://auth.example.org",
        "https://auth.example.org https://b.example",
        "https://auth.example.org.",
        "https://bücher.example",
        "http://auth.example.org",
        "http://localhost.evil.example",
        "ws://localhost",
        "javascript://localhost",
    ],
)
def test_nothing_else_is_an_origin(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImproperlyConfigured, match="must be an address such as"):
        env.origin(variable, "")


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        ("push.example.org", ("push.example.org",)),
        ("a.example, .b.example", ("a.example", ".b.example")),
    ],
)
def test_hosts_are_names_with_commas_in_between(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str, hosts: tuple[str, ...]
) -> None:
    monkeypatch.setenv(variable, value)
    assert env.hosts(variable, "") == hosts


@pytest.mark.parametrize(
    "value",
    ["", ",", "a.example,", "https://a.example", "a.example/x", "*.a.example", "a..b", "A.example"],
)
def test_nothing_else_is_a_list_of_hosts(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImproperlyConfigured, match=variable):
        env.hosts(variable, "")


@pytest.mark.parametrize("value", ["", "http://127.0.0.1:5000", "https://localhost"])
def test_a_local_origin_is_on_this_machine_or_none(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert env.local_origin(variable) == value


@pytest.mark.parametrize("value", ["https://push.example.org", "127.0.0.1:5000", "http://10.0.0.1"])
def test_nothing_else_is_a_local_origin(
    variable: str, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImproperlyConfigured, match=variable):
        env.local_origin(variable)
