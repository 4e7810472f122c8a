"""Holds the documents against the code: what they name is there, and what must be said is said."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
OPERATIONS = ROOT / "docs" / "operations.md"
FOLDERS = (
    "accounts",
    "deploy",
    "devices",
    "docs",
    "kauth_site",
    "static",
    "templates",
    "tests",
    "twofactor",
)
DJANGOS = {"migrate", "check", "collectstatic", "shell"}
DEMANDS = list(range(1, 105))
# Read by the command-line device, which has no settings.
OF_THE_DEVICE = {"KAUTH_PASSPHRASE", "KAUTH_STORE"}


def quoted(document: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"`([^`]+)`", text)


def variables(text: str) -> set[str]:
    found = re.findall(r"\b(?:KAUTH_[A-Z_]*[A-Z]|DATABASE_URL|REDIS_URL|PORT)\b", text)
    return set(found)


def read_by_the_settings() -> set[str]:
    settings = (ROOT / "kauth_site" / "settings.py").read_text(encoding="utf-8")
    return set(re.findall(r'(?:env\.\w+|_secret)\(\s*"([A-Z_]+)"', settings))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_in_a_document_exists(document: Path) -> None:
    paths = [name for name in quoted(document) if name.startswith(tuple(f"{f}/" for f in FOLDERS))]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = re.findall(r'\]\(([^)#\s]+)(?:#[^)]*)?\)|src="([^"]+)"', text)
    targets = [first or second for first, second in links]
    ours = [target for target in targets if not target.startswith("http")]
    assert [target for target in ours if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    ours = {path.stem for path in ROOT.glob("*/management/commands/*.py")}
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) - ours - DJANGOS == set()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.M)) - targets == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_page_name_in_a_document_is_a_page(document: Path) -> None:
    names = [name for name in quoted(document) if re.fullmatch(r"[a-z]+:[a-z_]+", name)]
    pages = {
        f"{path.parent.name}:{name}"
        for path in ROOT.glob("*/urls.py")
        for name in re.findall(r'name="([a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert set(names) - pages == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_variable_in_a_document_is_read(document: Path) -> None:
    named = variables(document.read_text(encoding="utf-8"))
    assert named - read_by_the_settings() - OF_THE_DEVICE == set()


def test_every_variable_is_explained_to_operators() -> None:
    explained = variables(OPERATIONS.read_text(encoding="utf-8"))
    assert read_by_the_settings() - explained == set()


def test_every_command_is_explained_to_operators() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    ours = {path.stem for path in ROOT.glob("*/management/commands/*.py")} - {"__init__"}
    assert [name for name in sorted(ours) if f"`{name}" not in text] == []


def test_every_test_in_the_table_of_demands_exists() -> None:
    table = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)` in `([\w/.]+)`", table)
    missing = [(test, path) for test, path in named if test not in functions_of(ROOT / path)]
    assert named
    assert missing == []


def test_the_table_of_demands_has_every_number_and_a_test_for_each() -> None:
    table = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| D-(\d+) \|(.*)\|(.*)\|(.*)\|$", table, re.M)
    assert [int(number) for number, *_ in rows] == DEMANDS
    empty = [number for number, *cells in rows if not all(cell.strip() for cell in cells)]
    untested = [number for number, *_, tests in rows if not re.search(r"`test_\w+` in `", tests)]
    assert (empty, untested) == ([], [])


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_d16_the_documents_say_that_push_does_not_resist_phishing() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert "no push method is phishing-resistant" in text.casefold()
