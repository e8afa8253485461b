"""Who may import whom, and the one home of every foreign library: read from the source, module by module."""

from __future__ import annotations

import ast
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("commands", "renderer", "backends", "golden", "studio", "pipeline", "presets", "assets")
OWN = {*PACKAGES, "cli"}
GENERATORS = "assets/*/*.py"
"""Scripts that made the bundled media: shipped beside them, imported by nothing."""

HOMES = {
    "click": ["cli.py", "commands/*"],
    "rich": ["commands/*"],
    "pydantic": ["renderer/spec/*"],
    "pydantic_core": ["renderer/spec/*"],
    "ruamel": ["renderer/spec/*"],
    "numpy": ["renderer/picture/*", "renderer/sound/*", "golden/*", "backends/reference/*"],
    "numba": ["renderer/picture/*", "renderer/sound/*", "golden/*", "backends/reference/*"],
    "llvmlite": ["renderer/picture/kernels/*"],
    "PIL": ["renderer/picture/*"],
    "pillow_heif": ["renderer/picture/*"],
    "av": ["renderer/probe.py", "renderer/sound/*", "backends/ffmpeg/*", "golden/*"],
    "imageio_ffmpeg": ["renderer/ffmpeg_process.py"],
    "ffmpeg": ["renderer/ffmpeg_process.py", "backends/ffmpeg/*", "backends/mediaconvert/*", "golden/*"],
    "pytest": ["backends/mediaconvert/service/pytest_plugin.py", "golden/pytest_plugin.py"],
    "boto3": ["backends/mediaconvert/*"],
    "botocore": ["backends/mediaconvert/*"],
    "moviepy": ["backends/reference/*"],
    "pydub": ["backends/reference/*"],
    "opentimelineio": ["renderer/exchange/*"],
    "starlette": ["studio/*"],
    "uvicorn": ["studio/*"],
    "watchfiles": ["studio/*"],
}
SECOND_HOMES = {
    ("ruamel", "presets/__init__.py"): "presets are read by one loader, and it lies beside them",
    ("av", "renderer/mp4_facts.py"): "the facts of a finished file are a renderer-side function",
    ("ffmpeg", "renderer/container_facts.py"): "lists the packets of a video or sound file",
    ("ffmpeg", "renderer/picture/clip_argv.py"): "builds the one argument list that decodes clips",
    ("PIL", "renderer/sound/plot_canvas.py"): "`mix --plot` draws a picture of the sound",
    ("ffmpeg", "renderer/sound/decode.py"): "builds the one argument list that decodes sound",
    ("PIL", "backends/reference/picture.py"): "the oracle decodes and scales by other code than the renderer's",
    ("ffmpeg", "backends/reference/sound.py"): "the oracle reads sound in its own way",
    ("PIL", "golden/pictures.py"): "a report holds pictures of frames",
}


def modules():
    files = [ROOT / "cli.py", *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))]
    return [path.relative_to(ROOT).as_posix() for path in sorted(files)]


PRODUCT = [name for name in modules() if not fnmatch(name, GENERATORS)]


def imported(name):
    """Every module that a file imports anywhere, also where only types are checked, as dotted names."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def packages(name):
    return {module.partition(".")[0] for module in imported(name)}


def misplaced(name):
    foreign = packages(name) - OWN - set(sys.stdlib_module_names)
    return {library for library in foreign if not any(fnmatch(name, home) for home in HOMES.get(library, []))}


@pytest.mark.parametrize("name", PRODUCT)
def test_every_foreign_library_has_one_home(name):
    assert {library for library in misplaced(name) if (library, name) not in SECOND_HOMES} == set()


@pytest.mark.parametrize(("library", "name"), SECOND_HOMES)
def test_every_second_home_is_still_one(library, name):
    assert library in misplaced(name)


@pytest.mark.parametrize("name", [name for name in PRODUCT if name.startswith("renderer/")])
def test_the_renderer_knows_no_backend_and_no_command(name):
    assert packages(name) & OWN <= {"renderer", "presets", "assets"}


def test_no_backend_knows_another_and_none_the_command():
    for name in PRODUCT:
        if name.startswith("backends/"):
            own = name.split("/")[1]
            backends = {module.split(".")[1] for module in imported(name) if module.startswith("backends.")}
            assert backends <= {"base", own}, name
            assert not {"cli", "commands"} & packages(name), name


@pytest.mark.parametrize("name", [name for name in PRODUCT if name.startswith(("presets/", "assets/"))])
def test_data_packages_know_no_backend(name):
    assert packages(name) & OWN <= {"renderer", "presets", "assets"}


def test_no_module_of_the_product_imports_a_generator_of_media():
    generators = {name.removesuffix(".py").replace("/", ".") for name in modules() if fnmatch(name, GENERATORS)}
    assert generators
    assert not any(generators & imported(name) for name in PRODUCT)


def test_every_package_with_modules_is_listed_for_the_distribution():
    import tomllib

    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = setuptools["packages"]["find"]["include"]
    folders = {name.split("/")[0] for name in PRODUCT if "/" in name}
    assert all(any(fnmatch(folder, pattern) for pattern in patterns) for folder in folders)
    assert setuptools["py-modules"] == ["cli"]


@pytest.mark.parametrize("name", ["renderer/timebase.py", *(n for n in PRODUCT if n.startswith("renderer/timeline/"))])
def test_time_and_timelines_are_pure(name):
    """They read no clock, no file and no environment: the same spec and media give the same bytes."""
    effects = {"os", "io", "time", "datetime", "random", "secrets", "subprocess", "pathlib", "locale", "platform"}
    assert packages(name) & effects == set()


@pytest.mark.parametrize(
    "name",
    ["renderer.timebase", "renderer.errors", "renderer.timeline.canonical", "backends.base", "presets", "assets"],
)
def test_a_light_module_imports_nothing_heavy(name):
    code = f"import sys, {name}; print(*{{'numpy', 'numba', 'av', 'PIL', 'boto3', 'pydantic'}} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.strip() == ""
