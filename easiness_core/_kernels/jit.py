"""Numba's compiler, with a disk cache that can be missing, read-only or broken.

Numba raises when no folder can hold a cache and when a cached file cannot be read. Here the
cache is a convenience: if anything is wrong with it, the function is compiled and runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile

from easiness_core._config import JIT_OPTIONS

F = TypeVar("F", bound=Callable[..., Any])


@lru_cache(maxsize=1)
def _source_digest() -> str:
    """Digest of the sources of all kernels: this package and its constants.

    Numba notices a change of the file that defines a function, not of the files that define
    the functions it calls.
    """
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in (*sorted(folder.glob("*.py")), folder.parent / "_config.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class _CheckedFile(IndexDataCacheFile):  # type: ignore[misc]
    """Index and machine code with digests: damaged code would crash, not raise."""

    def _write(self, path: str, content: Any) -> None:
        payload = self._dump(content)
        with self._open_for_write(path) as file:
            file.write(hashlib.sha256(payload).digest() + payload)

    def _read(self, path: str) -> Any:
        stored = Path(path).read_bytes()
        if hashlib.sha256(stored[32:]).digest() != stored[:32]:
            raise ValueError(f"cached code in {path} is damaged")
        return pickle.loads(stored[32:])

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _load_data(self, name: str) -> Any:
        return self._read(self._data_path(name))

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, (self._version, self._source_stamp, overloads))

    def _load_index(self) -> dict[Any, str]:
        try:
            version, stamp, overloads = self._read(self._index_path)
        except FileNotFoundError:
            return {}
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}


class _ForgivingCache(FunctionCache):  # type: ignore[misc]
    """Numba's function cache, for which every failure is a miss."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file.__class__ = _CheckedFile

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), _source_digest())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            compiled = super().load_overload(sig, target_context)
            # An index rewritten after damage may point at another signature's file.
            if compiled is not None and tuple(compiled.signature.args) != tuple(sig):
                return None
        except Exception:
            return None
        return compiled

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except Exception:
            # A broken index prevents every later save; an empty one works again.
            with contextlib.suppress(Exception):
                self.flush()
                super().save_overload(sig, data)


def jit(function: F | None = None, /, **options: Any) -> Any:
    """Compile on the first call with the options of `_config`, and cache on disk if possible."""
    if function is None:
        return lambda decorated: jit(decorated, **options)
    dispatcher = numba.njit(**{**JIT_OPTIONS, **options})(function)
    # Absent under NUMBA_DISABLE_JIT=1, where njit returns the function itself.
    if hasattr(dispatcher, "_cache"):
        try:
            dispatcher._cache = _ForgivingCache(function)
        except Exception:
            return dispatcher
    return dispatcher


def jit_step(function: F | None = None, /, **options: Any) -> Any:
    """Compile only for other kernels, which are cached with it; Python cannot call it.

    A step with `inline="always"` is pasted into its caller before compilation. Together they save a
    third of the processor time of the first call: 3.3 s, against 5.1 s without.
    tests/core/test_first_call.py counts the functions that are compiled.
    """
    if function is None:
        return lambda decorated: jit_step(decorated, **options)
    return numba.njit(**{**JIT_OPTIONS, "no_cpython_wrapper": True, **options})(function)
