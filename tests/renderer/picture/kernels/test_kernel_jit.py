"""What all kernels have in common: the same bits without compilation, and caches that notice changes."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import renderer.picture.kernels as package

EVERY_KERNEL = """
import hashlib
import numpy as np
from renderer.picture.kernels import *

rng = np.random.default_rng(9)
image = rng.integers(0, 256, (16, 19, 4), dtype=np.uint8)
small = prepare(image[:, :, :3], 11, 9)
planes = [*rgb_to_yuv420(small), *rgba_to_yuva420(shrink(premultiply(image), 7, 8)), *blur(small, 2).transpose(2, 0, 1)]
y, other = planes[0], np.ascontiguousarray(planes[0][::-1])
frame = np.zeros(y.shape, np.uint8)
Resampler(Filter(4)).resample(frame, PreparedPlane(y), Axis(-(1 << 31), 5 << 30), Axis(7, 1 << 31))
mix_over(frame, other, 20000)
blend_alpha(frame, y, other, 16, 50000)
blend_coverage(frame, y, *(np.arange(n, dtype=np.uint16) * 3000 for n in y.shape[::-1]))
print(hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in [*planes, frame])).hexdigest())
"""


def digest_of_every_kernel(**settings: str) -> str:
    env = {**os.environ, **settings}
    return subprocess.run(
        [sys.executable, "-c", EVERY_KERNEL], env=env, capture_output=True, text=True, check=True
    ).stdout


SETTINGS = {
    "uncompiled": {"NUMBA_DISABLE_JIT": "1"},
    "where AVX is forbidden": {"NUMBA_ENABLE_AVX": "0"},
    "with the portable resampler": {"STORYREEL_KERNEL": "portable"},
    "with the reference resampler": {"STORYREEL_KERNEL": "numpy"},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_kernels_give_the_same_bits(settings):
    assert digest_of_every_kernel(**settings) == digest_of_every_kernel()


FILES = sorted(Path(package.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_kernels_use_nothing_from_other_files(path):
    """numba's cache looks at the time stamp of a kernel's own file only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and "kernels" in (node.module or "")]
    foreign = {alias.asname or alias.name for node in imports for alias in node.names}
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        if any(isinstance(mark, ast.Name) and mark.id == "kernel" for mark in function.decorator_list):
            used = {node.id for line in function.body for node in ast.walk(line) if isinstance(node, ast.Name)}
            assert not used & foreign, function.name
