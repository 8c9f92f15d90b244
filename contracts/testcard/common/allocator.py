"""The C library's allocator, told how a process uses memory: large blocks come and go.

Knows glibc's mallopt and malloc_trim; elsewhere nothing here does anything. Must not know jobs,
the mock, or what else the memory is for.
"""

from __future__ import annotations

import ctypes
import platform
from typing import Final

_TRIM_THRESHOLD: Final = -1  # numbers of malloc.h
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
_LARGE: Final = 128 << 10
_ARENAS: Final = 2
_ALL: Final = 1 << 30


def keep_flat() -> bool:
    """Have blocks of 128 KiB and more go back to the system as soon as they are free.

    By itself glibc raises that bound to 32 MiB with the first such block that is freed, keeps
    bodies and pictures in heaps with holes, and opens heaps for each thread.

    Returns:
        Whether the C library is one that can be told.
    """
    library = _glibc()
    if library is None:
        return False
    told = (library.mallopt(_MMAP_THRESHOLD, _LARGE), library.mallopt(_ARENA_MAX, _ARENAS))
    return all(told)


def keep_warm() -> bool:
    """Have the blocks of one task kept for the next, in a process that does one at a time.

    Given back and asked for again for each array, they cost a quarter of a test card's time.

    Returns:
        Whether the C library is one that can be told.
    """
    library = _glibc()
    if library is None:
        return False
    return all((library.mallopt(_MMAP_THRESHOLD, _ALL), library.mallopt(_TRIM_THRESHOLD, _ALL)))


def trim() -> None:
    """Give free memory back to the system, where the C library can."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if platform.libc_ver()[0] != "glibc":
        return None
    return ctypes.CDLL(None)
