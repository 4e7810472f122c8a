"""The rules of the house that no linter knows. CONTRIBUTING.md says why they are there."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("kauth_site", "accounts", "devices", "twofactor")
LONGEST_FILE = 300
ONE_LIST = {ROOT / "kauth_site" / "settings.py"}  # settings stay together, in sections
LONGEST_FUNCTION = 40
BINARY = {".png", ".ico", ".woff2", ".jpg", ".webp"}


def listed(*folders: str) -> list[Path]:
    """Files that git tracks or would track, below `folders`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    names = subprocess.run([*command, *folders], cwd=ROOT, check=True, capture_output=True).stdout
    paths = [ROOT / name.decode() for name in names.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def modules() -> list[Path]:
    """Our modules; migrations are Django's."""
    paths = [path for path in listed(*APPS) if path.suffix == ".py"]
    return [path for path in paths if "migrations" not in path.parts]


def lines_that_match(pattern: str, paths: list[Path]) -> list[str]:
    wanted = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        if path.suffix not in BINARY
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if wanted.search(line)
    ]


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kinds):
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}", node


# --- Shape --------------------------------------------------------------------------------


def test_no_file_is_long() -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in modules()
        if path not in ONE_LIST
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_long() -> None:
    functions = (
        (where, node)
        for where, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert [
        f"{where} {function.name}"
        for where, function in functions
        if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION
    ] == []


def test_every_module_says_what_it_owns() -> None:
    plain = {"__init__.py", "apps.py", "urls.py"}
    paths = [path for path in modules() if path.name not in plain]
    assert [path for path in paths if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {"services", "utils", "util", "helpers", "common", "core", "misc", "base"}
    paths = {path.relative_to(ROOT) for path in modules()}
    named_by_django = {Path("kauth_site/postgresql/base.py")}
    assert [
        path for path in paths - named_by_django if names & {*path.parent.parts, path.stem}
    ] == []


def test_nothing_is_left_to_do() -> None:
    assert lines_that_match(r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b", listed()) == []


# --- Secrets ------------------------------------------------------------------------------


def test_d93_nothing_predictable_or_unpickled_is_imported() -> None:
    pattern = r"^\s*(import|from) (random|pickle|marshal|shelve)\b"
    assert lines_that_match(pattern, modules()) == []


def test_d28_no_secret_is_a_uuid() -> None:
    """As the default of a UUIDField a UUID is a name; called by hand it becomes a secret."""
    assert lines_that_match(r"\buuid[14]\(", modules()) == []


def test_only_one_module_of_the_server_reads_the_environment() -> None:
    allowed = re.compile(r"kauth_site/env\.py|devices/client/|environ\.setdefault\(")
    found = lines_that_match(r"\benviron\b|\bgetenv\b", modules())
    assert [line for line in found if not allowed.search(line) and '"""' not in line] == []


# --- Pages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [
        r"<script(?![^>]*\bsrc=)",
        r"<style\b",
        r"\sstyle\s*=",
        r"<[^>]*\son[a-z]+\s*=",
        r"javascript:",
        r"(?<!help_text)\|\s*safe\b|autoescape off",  # Django's own help texts are lists
    ],
)
def test_d98_templates_hold_nothing_that_the_content_policy_forbids(pattern: str) -> None:
    pages = [path for path in listed("templates") if path.suffix == ".html"]
    assert lines_that_match(pattern, pages) == []


def test_d99_scripts_write_text_and_never_markup() -> None:
    sinks = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert lines_that_match(sinks, listed("static/js")) == []


def test_scripts_import_in_the_one_form_that_hashed_names_survive() -> None:
    rewritten = re.compile(r'^\s*import \{ [\w, ]+ \} from "\.{1,2}/[\w./-]+\.js";$')
    scripts = [path for path in listed("static/js") if path.suffix == ".js"]
    # import(address) is for what the page names, by its hashed name.
    forms = r"^\s*import\b|\bimport\((?!\w+\);)|^\s*export .* from"
    found = lines_that_match(forms, scripts)
    assert [line for line in found if not rewritten.match(line.split(": ", 1)[1])] == []


# --- The repository -----------------------------------------------------------------------


def test_no_address_of_a_package_registry_and_no_path_of_one_machine() -> None:
    hosts = r"pypi[.]org|pythonhosted[.]org|npmjs[.](org|com)|deb[.]debian[.]org"
    assert lines_that_match(rf"{hosts}|/wor[k]/|/opt/wheel[s]|/roo[t]/|/hom[e]/", listed()) == []


def plain(name: str) -> str:
    """One spelling for the name of a package (PEP 503)."""
    return name.lower().replace("_", "-")


def test_every_package_that_is_imported_is_asked_for_by_name() -> None:
    asked = "".join(path.read_text().lower() for path in ROOT.glob("requirements*.in"))
    owners = packages_distributions()
    imported = {
        alias.name.partition(".")[0]
        for _, node in nodes(ast.Import)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").partition(".")[0]
        for _, node in nodes(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom)
    }
    foreign = imported - set(sys.stdlib_module_names) - set(APPS)
    assert [
        name
        for name in sorted(foreign)
        if not any(re.search(rf"^{plain(owner)}\b", asked, re.M) for owner in owners[name])
    ] == []


def test_every_variable_is_explained() -> None:
    settings = (ROOT / "kauth_site" / "settings.py").read_text()
    read = set(re.findall(r'(?:env\.\w+|_secret)\(\s*"([A-Z_]+)"', settings))
    explained = re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert sorted(explained) == sorted(read)
