"""The laws that a machine can check: who may import whom, what a face costs, what is forbidden."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "ingest": set(),
    "rag": {"ingest"},
    "kg": {"ingest", "rag"},
    "tuning": {"ingest", "rag", "kg"},
    "ui": {"ingest", "rag", "kg"},
}
PACKAGES = list(ALLOWED)
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path) -> set[str]:
    """Top-level packages that a module imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_downwards_only(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    ours = imports(path) & set(PACKAGES)
    assert ours <= ALLOWED[package] | {package}


def test_the_import_test_sees_a_forbidden_import(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def f():\n    from kg import Graph\n")
    assert imports(module) == {"kg"}


@pytest.mark.parametrize("package", ["ingest", "rag", "kg", "rag.models"])
def test_importing_a_face_needs_no_heavy_library(package: str) -> None:
    heavy = ("torch", "streamlit", "transformers", "chromadb", "sentence_transformers", "xllamacpp")
    code = f"import sys, {package}; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("package", ["ingest", "rag", "kg", "rag.models"])
def test_a_face_lists_exactly_what_it_offers(package: str) -> None:
    module = __import__(package, fromlist=["*"])
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and type(value).__name__ != "module" and name != "annotations"
    }
    assert public == set(module.__all__)
    assert list(module.__all__) == sorted(
        module.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )


FORBIDDEN = (
    "import pickle",
    "weights_only=False",
    "trust_remote_code=True",
    "yaml.load(",
    "unsafe_allow_html",
    "shell=True",
    "langchain_community",
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_dangerous_calls_are_not_used(path: Path) -> None:
    source = path.read_text("utf-8")
    assert [word for word in FORBIDDEN if word in source] == []


def test_only_the_settings_read_the_environment() -> None:
    readers = [path for path in MODULES if "environ" in path.read_text("utf-8") or "getenv" in path.read_text("utf-8")]
    # The command line passes its own environment on to the server that it starts.
    assert {path.relative_to(ROOT).as_posix() for path in readers} <= {"ui/cli.py", "ui/settings.py"}
