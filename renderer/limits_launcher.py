"""Runs as a child's first program: sets its resource limits and its death signal, then becomes the real program.

Started as `python -I -S limits_launcher.py PARENT_PID LIMITS -- PROGRAM ARGS…`, where LIMITS is `name=value,…`
over the names of `resource.RLIMIT_*`. Doing this here, and not in a `preexec_fn`, keeps Python code out of the moment
between fork and exec, where another thread's lock can hang it. Imports nothing of the project: it costs about 15 ms.
"""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _die_with_parent(parent_pid: int) -> None:
    """End with SIGKILL when the parent does: a killed parent otherwise leaves its children running (SAFETY R3)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent_pid:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    parent_pid, limits, _, *argv = sys.argv[1:]
    _die_with_parent(int(parent_pid))
    for item in filter(None, limits.split(",")):
        name, value = item.split("=")
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        wanted = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        # one second between the two limits of CPU time: SIGXCPU, which says why, comes before SIGKILL
        upper = wanted + 1 if name == "CPU" and hard in (resource.RLIM_INFINITY, wanted + 1) else wanted
        resource.setrlimit(kind, (wanted, upper))
    try:
        os.execv(argv[0], argv)  # noqa: S606  (an absolute path and a list: no shell, no PATH look-up)
    except OSError as error:
        sys.exit(f"can't start {argv[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
