"""Large blocks go back to the system: asked of the C library itself, in processes of their own."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

COUNT_MAPPED = """
import ctypes, sys
from backends.ffmpeg.memory import give_large_blocks_back
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd a b c d e".split()]
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes, libc.mallinfo2.restype = ctypes.c_void_p, [ctypes.c_void_p], Info
if sys.argv[1] == "fixed":
    give_large_blocks_back()
libc.free(libc.malloc(ctypes.c_size_t(30 << 20)))
before = libc.mallinfo2().hblks
kept = libc.malloc(ctypes.c_size_t(8 << 20))
print(libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc 2.33 or later")
@pytest.mark.parametrize(("setting", "mapped"), [("fixed", "1"), ("left alone", "0")])
def test_a_large_block_is_mapped_by_itself_after_a_larger_one_was_freed(setting, mapped):
    done = subprocess.run([sys.executable, "-c", COUNT_MAPPED, setting], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == mapped
