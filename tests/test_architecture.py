"""The doors between the rooms, the calls that only one place may make, and the sizes of files and functions."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = [*sorted(p for d in ("core", "pages", "bench") for p in (ROOT / d).rglob("*.py")), ROOT / "app.py"]
UI = ("app.py", "pages/", "core/ui/")
HEAVY = ("torch", "torchvision", "timm", "transformers", "tokenizers", "peft", "sklearn", "captum", "lightgbm")
NETWORK = (
    "socket",
    "huggingface_hub",
    "requests",
    "httpx",
    "httpx2",
    "aiohttp",
    "http.client",
    "urllib.request",
    "urllib3",
    "ftplib",
    "websockets",
    "mlflow",
)
# What may speak to a network: the fetcher, the hub loader and its probe, and what asks whether a cluster's head
# listens. The store asks for the host's name only.
ONLINE = (
    "core/fetch.py",
    "core/hub.py",
    "core/jobs/ray_backend.py",
    "core/tasks/image_classification/model.py",
    "core/store/owners.py",
    "core/store/mlflow_export.py",
)
PICKLES = ("pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal")
PAGE_DOORS = ("core.ui", "core.catalog", "core.contracts")

# (files the rule holds for, files excepted, modules that must not be imported there)
IMPORTS: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (("",), (*UI, "bench/"), ("streamlit",)),
    (("app.py", "pages/", "core/ui/"), (), HEAVY),
    (("app.py", "pages/"), (), ("core.tasks",)),
    (("core/tasks/",), (), ("core.ui", "core.jobs", "core.api", "core.cli", "streamlit")),
    (("core/intake/", "core/data/", "core/explain/", "core/training/", "core/store/"), (), ("core.ui", "core.jobs")),
    (("core/", "app.py", "pages/"), ("core/cli/", "core/__main__.py", "core/jobs/"), ("core.fetch",)),
    (("core/", "app.py", "pages/"), ONLINE, NETWORK),
    (("core/", "app.py", "pages/"), ("core/intake/",), ("pyarrow.csv", "pyarrow.parquet", "pyarrow.dataset")),
    (("",), (), PICKLES),
    (("",), ("core/jobs/ray_cluster.py",), ("ray",)),
    (("core/", "app.py", "pages/"), ("core/cli/",), ("bench",)),
    (("core/", "app.py", "pages/"), (), ("tests",)),
)
# Called name -> files that may call it. Drawing and measuring code opens only what it has made itself.
CALLS = {
    "Image.open": ("core/intake/", "core/data/phantoms", "core/data/negatives", "bench/"),
    # Tables: what reads bytes of a CSV, a Parquet file or a relative of theirs.
    **dict.fromkeys(
        ("read_csv", "scan_csv", "read_fwf", "pd.read_table", "loadtxt", "genfromtxt", "csv.DictReader"),
        ("core/intake/", "bench/"),
    ),
    **dict.fromkeys(
        ("read_parquet", "scan_parquet", "ParquetFile", "ParquetDataset", "parquet.read_table", "read_schema"),
        ("core/intake/", "core/data/simulated_bank", "bench/"),
    ),
    "csv.reader": ("core/intake/", "core/data/mapping.py"),
    **dict.fromkeys(("read_excel", "read_feather", "read_orc", "read_html", "read_hdf", "read_pickle"), ()),
    "ZipFile": ("core/intake/", "bench/"),
    "dcmread": ("core/intake/", "bench/"),
    # Weights that an administrator laid down, read as tensors alone, for measurements.
    "torch.load": ("bench/surfaces.py", "bench/anomalib_reference.py"),
    "extractall": (),
    "st.html": ("core/ui/highlight.py",),
    "os.getenv": ("core/settings.py",),
}
# device.py asks which cards the CUDA driver may see; handing a copy of the environment to a child is no reading.
ENVIRONMENT = ("core/settings.py", "core/device.py")
LIMITS = (("app.py", 40), ("pages/", 100), ("core/ui/", 250), ("core/tasks/", 250), ("", 400))
FUNCTION_LINES = 40
SCHEMA = "core/store/migrations/versions/"  # one statement per column, no logic to split


def imports(tree: ast.AST, path: str) -> Iterator[str]:
    package = path.removesuffix(".py").removesuffix("/__init__").split("/")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level]) + "." if node.level else ""
            module = (above + (node.module or "")).strip(".")
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def inside(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(module + ".") for module in modules)


def broken_imports(path: str, tree: ast.AST) -> Iterator[str]:
    for name in sorted(set(imports(tree, path))):
        for where, excepted, banned in IMPORTS:
            if path.startswith(where) and not (excepted and path.startswith(excepted)) and inside(name, banned):
                yield f"imports {name}"
        if path.startswith("pages/") and name.startswith("core.") and not inside(name, PAGE_DOORS):
            yield f"a page imports {name}; its doors are {', '.join(PAGE_DOORS)}"
        plain = name.split(".")[0] in sys.stdlib_module_names | {"numpy", ""} or inside(name, ("core.contracts",))
        if path.startswith("core/contracts/") and not plain:
            yield f"contracts imports {name}"
        task = path.split("/")[2] if path.startswith("core/tasks/") and path.count("/") > 2 else ""
        if task and name.startswith("core.tasks.") and not inside(name, (f"core.tasks.{task}",)):
            yield f"task {task} imports {name}"


def broken_calls(path: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        uses = isinstance(node, ast.Subscript | ast.Attribute) and ast.unparse(node.value) == "os.environ"
        reads = uses and not isinstance(getattr(node, "ctx", None), ast.Store)
        if reads and path not in ENVIRONMENT:
            yield f"line {getattr(node, 'lineno', 0)}: os.environ; settings.py is the only reader of the environment"
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        for called, allowed in CALLS.items():
            if f".{name}".endswith(f".{called}") and not (allowed and path.startswith(allowed)):
                yield f"line {node.lineno}: {called}"
        for word in node.keywords:
            value = ast.unparse(word.value)
            if word.arg in ("unsafe_allow_html", "trust_remote_code", "allow_pickle") and value != "False":
                yield f"line {node.lineno}: {word.arg}={value}"
            if word.arg == "strict" and value == "False" and "load" in name:
                yield f"line {node.lineno}: {name}(strict=False)"


def broken_sizes(path: str, tree: ast.AST, source: str) -> Iterator[str]:
    limit = next(lines for prefix, lines in LIMITS if path.startswith(prefix))
    if (lines := source.count("\n")) > limit:
        yield f"{lines} lines; the limit here is {limit}"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno and not path.startswith(SCHEMA):
            own = node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node, clean=False) or "").splitlines())
            if own > FUNCTION_LINES:
                yield f"{node.name}: {own} lines; the limit is {FUNCTION_LINES}"


def broken(path: str, source: str) -> list[str]:
    tree = ast.parse(source)
    return [*broken_imports(path, tree), *broken_calls(path, tree), *broken_sizes(path, tree, source)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_file_keeps_the_rules(file: Path) -> None:
    assert broken(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/jobs/x.py", "import streamlit as st"),
        ("core/ui/x.py", "def f():\n    import torch"),
        ("pages/x.py", "from core.tasks.image_classification import task"),
        ("pages/x.py", "from core.serving import service"),
        ("core/contracts/samples.py", "import pandas"),
        ("core/tasks/a/task.py", "from core.tasks.b.model import net"),
        ("core/tasks/a/task.py", "from ..b import model"),
        ("core/tasks/a/task.py", "from core.jobs import submit"),
        ("core/store/x.py", "from core import fetch"),
        ("core/ui/x.py", "from core.fetch import fetch"),
        ("core/serving/x.py", "import urllib.request"),
        ("core/serving/x.py", "from urllib import request"),
        ("core/store/x.py", "import pickle"),
        ("core/jobs/ray_backend.py", "import ray"),
        ("core/data/x.py", "from PIL import Image\nImage.open(f)"),
        ("core/data/x.py", "import PIL\nPIL.Image.open(f)"),
        ("core/data/x.py", "zipfile.ZipFile(f)"),
        ("core/data/x.py", "pd.read_csv(f)"),
        ("core/ui/x.py", "pandas.read_parquet(f)"),
        ("core/ui/x.py", "rows = csv.DictReader(f)"),
        ("core/tasks/a/data.py", "from pyarrow import parquet"),
        ("core/intake/x.py", "pd.read_excel(f)"),
        ("core/data/x.py", "np.load(f, allow_pickle=True)"),
        ("core/intake/x.py", "archive.extractall(folder)"),
        ("core/tasks/a/model.py", "torch.load(f)"),
        ("core/tasks/a/model.py", "net.load_state_dict(state, strict=False)"),
        ("core/tasks/a/model.py", "build(name, trust_remote_code=True)"),
        ("core/ui/x.py", "st.markdown(text, unsafe_allow_html=True)"),
        ("pages/x.py", "st.html(text)"),
        ("core/jobs/x.py", "home = os.environ['HOME']"),
        ("core/jobs/x.py", "home = os.getenv('HOME')"),
        ("pages/x.py", "\n" * 101),
        ("core/ui/x.py", "\n" * 251),
        ("core/x.py", "def f():\n" + "    x = 1\n" * 40),
    ],
)
def test_each_rule_can_fail(path: str, source: str) -> None:
    assert broken(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/data/x.py", "from core.intake.tables import read_table\ntable = read_table(data, name)"),
        (
            "core/intake/x.py",
            "import pyarrow.csv\nImage.open(f)\nzip(a, b, strict=False)\nnp.load(f, allow_pickle=False)",
        ),
        ("core/x.py", "def f():\n" + "    x = 1\n" * 39),
        ("core/fetch.py", "import httpx"),
        ("core/jobs/x.py", "run(command, env={**os.environ, 'A': 'b'})"),
        ("core/tasks/a/task.py", "from core.tasks.a.model import net\nimport torch"),
    ],
)
def test_rules_leave_sound_code_alone(path: str, source: str) -> None:
    assert broken(path, source) == []


def test_first_page_needs_no_torch() -> None:
    """What the server imports before it answers; torch and its relatives come with the background warm-up."""
    modules = [p.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for p in FILES]
    wanted = [
        name for name in modules if name.startswith(("core.ui.", "core.api", "core.cli")) and name != "core.ui.router"
    ]
    program = (
        f"import importlib, sys; [importlib.import_module(n) for n in {wanted!r}]; "
        f"sys.exit(' '.join(set({HEAVY!r}) & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_server_starts_without_pandas() -> None:
    """It takes a third of the time to the first page."""
    program = "import sys, app; sys.exit(' '.join({'pandas', 'pyarrow', 'scipy'} & set(sys.modules)) or None)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
