"""The one way to jit. A kernel compiles, or loads from the cache, on its first use and never at import.

`python -m ngo_lesson.kernels` compiles all of them once, so that no lesson waits; `make lab` calls it.
"""

import atexit
import hashlib
import importlib
import inspect
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import overload

import numpy as np
from numba import config, float64, types, uint64
from numba.core.caching import Cache, IndexDataCacheFile, NullCache
from numba.core.registry import CPUDispatcher
from numba.core.typing import Signature

VECTOR = float64[::1]
MATRIX = float64[:, ::1]
# Types of arrays that a kernel only reads: they also accept an array whose `writeable` flag is off.
READ_VECTOR = types.Array(float64, 1, "C", readonly=True)
READ_MATRIX = types.Array(float64, 2, "C", readonly=True)
# Functions as arguments. A plain @njit function is accepted as it is, and the kernel that takes it still loads from the
# cache.
OBJECTIVE = types.FunctionType(float64(VECTOR))
GRADIENT = types.FunctionType(VECTOR(VECTOR))

WINGS = ("optimize", "factorize", "models")
KERNELS: list["Kernel"] = []


class Kernel(CPUDispatcher):
    """A numba function, callable from Python and from other kernels. With a signature it has one compiled form only."""

    signature: Signature | None = None
    # What numba sets without declaring it.
    __name__: str
    _cache: Cache

    def load(self) -> None:
        """Compile the declared signature, or load it from the cache, unless that was done before."""
        if self.signature is not None and not self.overloads:
            self.compile(self.signature)
            self.disable_compile()

    def files(self) -> list[Path]:
        """Source files of this kernel and of the kernels it calls (imported by name, not through a module)."""
        found: dict[Path, None] = {}
        kernels = [self]
        for each in kernels:
            found[Path(inspect.getfile(each.py_func))] = None
            names = [each.py_func.__globals__.get(name) for name in each.py_func.__code__.co_names]
            kernels += [other for other in names if isinstance(other, Kernel) and other not in kernels]
        return list(found)

    # What follows overrides numba: the places where a dispatcher is about to be used for the first time.

    def enable_caching(self) -> None:
        """Cache beside the source or in the user's cache directory; if neither can be written, until Python ends."""
        try:
            super().enable_caching()
        except RuntimeError:
            directory = tempfile.mkdtemp(prefix="ngo_lesson_")
            atexit.register(shutil.rmtree, directory, ignore_errors=True)
            os.environ["NUMBA_CACHE_DIR"] = directory
            config.CACHE_DIR = directory  # type: ignore[attr-defined]  # numba makes the settings as it starts
            super().enable_caching()
        # numba looks for changes in the kernel's own file only, and would keep an old copy of what it calls.
        contents = b"".join(file.read_bytes() for file in self.files())
        index = self._cache._cache_file
        index._source_stamp = hashlib.sha256(contents).hexdigest()
        index.save = partial(_save, index)
        try:
            index._load_index()
        except Exception:  # damaged, or it names a type that has moved: whatever unpickling may raise
            index.flush()

    def compile(self, sig):
        """Compile one signature; numba calls this. Kernels of a notebook are not cached: they have no file to watch."""
        if isinstance(self._cache, NullCache) and all(file.exists() for file in self.files()):
            self.enable_caching()
        return super().compile(sig)

    def _compile_for_args(self, *args, **kwargs):
        if self.signature is None:
            return super()._compile_for_args(*args, **kwargs)
        self.load()
        return self  # numba calls what it is given, and now finds the signature

    def get_call_template(self, args, kws):
        """Let another kernel call this one; numba calls this."""
        self.load()
        return super().get_call_template(args, kws)

    def get_compile_result(self, sig):
        """Let this kernel be passed as an argument; numba calls this."""
        self.load()
        return super().get_compile_result(sig)


def _save(index: IndexDataCacheFile, key: tuple, data: tuple) -> None:
    """Store compiled code in a file named after its signature.

    numba numbers the files: two processes that compile at once take the same number, and then load the wrong code.
    """
    name = f"{Path(index._index_name).stem}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"
    index._save_data(name, data)
    index._save_index(index._load_index() | {key: name})


@overload
def kernel(signature: Callable) -> Kernel:
    """Decorate a loop that is compiled for the types it meets."""


@overload
def kernel(signature: Signature | None = None, **options) -> Callable[[Callable], Kernel]:
    """Make a decorator for a loop that is compiled ahead for its signature."""


def kernel(signature=None, **options):
    """Decorate a loop: `@kernel`, or `@kernel(signature)` to compile it ahead and let it take functions as arguments.

    `options` are numba's (`fastmath`, `parallel`, ...). Division follows NumPy (1 / 0 is inf), which is also faster.
    """

    def decorate(function: Callable) -> Kernel:
        settings = {"nopython": True, "boundscheck": None, "error_model": "numpy"} | options
        compiled = Kernel(function, targetoptions=settings)
        if signature is not None:
            compiled.signature = signature
            KERNELS.append(compiled)
        return compiled

    if inspect.isfunction(signature):
        function, signature = signature, None
        return decorate(function)
    return decorate


@kernel(uint64(uint64))
def random_bits(counter):
    """64 random bits, the same for the same counter. SplitMix64, Steele, Lea & Flood 2014, figure 17."""
    z = counter * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel(uint64(uint64, uint64))
def random_below(counter, n):
    """A random integer from 0 to n - 1, the same for the same counter; n far below 2**32. Much faster than a Generator.

    The upper 32 of the `random_bits` are scaled to n (Lemire 2019).
    """
    return ((random_bits(counter) >> np.uint64(32)) * n) >> np.uint64(32)


def find() -> list[Kernel]:
    """Import what the package computes with and return all kernels that declare a signature."""
    for wing in WINGS:
        for file in sorted((Path(__file__).parent / wing).glob("[!_]*.py")):
            importlib.import_module(f"ngo_lesson.{wing}.{file.stem}")
    return KERNELS


def warm() -> None:
    """Compile all kernels that declare a signature into the cache, and say how it goes."""
    compiled = 0
    for number, each in enumerate(find(), 1):
        start = time.perf_counter()
        each.load()
        if not each.stats.cache_hits:
            compiled += 1
            name = f"{each.__module__.removeprefix('ngo_lesson.')}.{each.__name__}"
            print(
                f"compiled {number:3d} of {len(KERNELS)}  {name:<40} {time.perf_counter() - start:5.2f} s", flush=True
            )
    print(f"{len(KERNELS)} kernels are ready: {compiled} compiled now, {len(KERNELS) - compiled} were in the cache.")


if __name__ == "__main__":
    # `python -m` runs this file as a second module, and the kernels register in the first.
    importlib.import_module("ngo_lesson.kernels").warm()
