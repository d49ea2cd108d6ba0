"""Kernels compile late, take functions, notice changed sources, and do without a writable directory."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from numba import float64, int64, njit, types
from scipy.stats import chisquare

from ngo_lesson import kernels
from ngo_lesson.kernels import OBJECTIVE, READ_VECTOR, VECTOR, kernel, random_below


@kernel(float64(READ_VECTOR))
def total(v):
    result = 0.0
    for i in range(v.size):
        result += v[i]
    return result


@kernel(float64(VECTOR))
def largest(x):
    return max(x)


@kernel(float64(OBJECTIVE, VECTOR))
def plus_total(fun, x):
    return fun(x) + total(x)


@kernel
def first(v):
    return v[0]


@kernel(float64(types.npy_rng))
def draw(rng):
    return rng.random()


@kernel(float64(float64, float64))
def divide(a, b):
    return a / b


@njit
def product(x):
    return x[0] * x[1]


def python(code, **environment):
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, text=True, capture_output=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_import_compiles_nothing():
    code = "from ngo_lesson.kernels import find; print([len(k.overloads) for k in find()])"
    assert set(python(code).strip()[1:-1].split(", ")) == {"0"}


def test_importing_the_package_loads_no_submodule():
    code = "import sys, ngo_lesson; print([name for name in sys.modules if name.startswith(('ngo_lesson.', 'numba'))])"
    assert python(code).strip() == "[]"


def test_a_kernel_calls_functions_and_other_kernels():
    x = np.array([2.0, 3.0])
    assert plus_total(product, x) == 11.0
    assert plus_total(largest, x) == 8.0  # a kernel is an objective too
    assert plus_total.py_func(product.py_func, x) == 11.0


def test_a_signature_is_the_only_form():
    read_only = np.ones(3)
    read_only.flags.writeable = False
    assert total(read_only) == total(np.ones(3)) == 3.0
    for wrong in (np.ones(3, dtype=int), np.ones(6)[::2], np.ones((2, 2)), [1.0]):
        with pytest.raises(TypeError, match="No matching definition"):
            total(wrong)
    assert len(total.signatures) == 1


def test_without_a_signature_every_type_compiles():
    assert first(np.ones(2)) == 1.0
    assert first(np.array([7, 8])) == 7
    assert len(first.signatures) == 2


def test_a_plain_function_is_no_objective():
    with pytest.raises(TypeError, match="No matching definition"):
        plus_total(lambda x: 0.0, np.ones(2))


def test_what_an_objective_raises_arrives():
    @njit
    def root(x):
        if x[0] < 0:
            raise ValueError("out of domain")
        return x[0] ** 0.5

    with pytest.raises(ValueError, match="out of domain"):
        plus_total(root, -np.ones(2))


def test_generators_draw_what_numpy_draws():
    rng, twin = np.random.default_rng(3), np.random.default_rng(3)
    assert [draw(rng) for _ in range(5)] == list(twin.random(5))


def test_division_by_zero_follows_numpy():
    assert divide(1.0, 0.0) == np.inf


def test_options_reach_numba():
    @kernel(int64(int64), fastmath=True)
    def same(i):
        return i

    assert same(3) == 3
    assert same.targetoptions["fastmath"] is True
    assert same.targetoptions["error_model"] == "numpy"


def splitmix(counter):
    """SplitMix64 in Python's integers, as published."""
    z = counter * 0x9E3779B97F4A7C15 % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def test_random_integers_are_splitmix_scaled():
    assert splitmix(1) == 0xE220A8397B1DCDAF  # the first output of seed 0 in the authors' program
    for counter in (0, 1, 2, 12345, 2**63):
        for n in (1, 2, 10, 20_640):
            assert random_below(counter, n) == (splitmix(counter) >> 32) * n >> 32


def test_random_integers_are_uniform():
    counts = np.bincount([random_below(counter, 10) for counter in range(10_000)], minlength=10)
    assert chisquare(counts).pvalue > 1e-3


MODULE = """
from numba import float64
from ngo_lesson.kernels import kernel
from part import part

@kernel(float64(float64))
def whole(x):
    return part(x) + 1
"""
PART = """
from numba import float64
from ngo_lesson.kernels import kernel

@kernel(float64(float64))
def part(x):
    return {factor} * x
"""
RUN = "from whole import whole; print(whole(1.0), sum(whole.stats.cache_hits.values()), whole.stats.cache_path)"


@pytest.fixture
def modules(tmp_path):
    (tmp_path / "whole.py").write_text(MODULE)
    (tmp_path / "part.py").write_text(PART.format(factor=2))
    return tmp_path


def test_the_second_process_loads_from_the_cache(modules):
    assert python(RUN, PYTHONPATH=str(modules)).split()[:2] == ["3.0", "0"]
    assert python(RUN, PYTHONPATH=str(modules)).split()[:2] == ["3.0", "1"]


def test_a_change_in_a_called_kernel_is_noticed(modules):
    python(RUN, PYTHONPATH=str(modules))
    (modules / "part.py").write_text(PART.format(factor=5))
    assert python(RUN, PYTHONPATH=str(modules)).split()[:2] == ["6.0", "0"]


def test_a_damaged_cache_is_compiled_again(modules):
    python(RUN, PYTHONPATH=str(modules))
    for index in modules.rglob("*.nbi"):
        with open(index, "rb") as file:
            pickle.load(file)  # the version of numba: an index of another version is never read further
            end = file.tell()
        index.write_bytes(index.read_bytes()[:end] + b"cgone\nState\n.")  # a pickle of gone.State
    assert python(RUN, PYTHONPATH=str(modules)).split()[:2] == ["3.0", "0"]
    assert python(RUN, PYTHONPATH=str(modules)).split()[:2] == ["3.0", "1"]


def test_two_signatures_never_share_a_file(modules):
    (modules / "whole.py").write_text(
        "from ngo_lesson.kernels import kernel\n@kernel\ndef whole(x):\n    return x + x\n"
    )
    for value in ("1", "1.0"):  # without the index the second process sees what it would see if both began at once
        python(f"from whole import whole; whole({value})", PYTHONPATH=str(modules))
        for index in modules.rglob("*.nbi"):
            index.unlink()
    assert len(list(modules.rglob("*.nbc"))) == 2


def test_an_unwritable_cache_falls_back_to_a_temporary_one(modules):
    # Root may write everywhere, so a file stands where the directory would be, and HOME cannot exist.
    (modules / "__pycache__").write_text("in the way")
    nowhere = {"HOME": "/proc/nonexistent", "XDG_CACHE_HOME": "/proc/nonexistent", "TMPDIR": str(modules)}
    value, hits, path = python(RUN, PYTHONPATH=str(modules), **nowhere).split()
    assert (value, hits) == ("3.0", "0")
    assert path.startswith(f"{modules}/ngo_lesson_")
    assert not list(modules.glob("ngo_lesson_*"))  # removed when Python ends


def test_a_notebook_kernel_is_not_cached():
    code = (
        "from ngo_lesson.kernels import kernel\n@kernel\ndef one(x):\n    return 1\nprint(one(2), one.stats.cache_path)"
    )
    assert python(code).split() == ["1", "None"]


def test_warming_says_what_it_does(tmp_path):
    code = "from ngo_lesson import kernels; del kernels.find()[2:]; kernels.warm()"
    first, second = (python(code, NUMBA_CACHE_DIR=str(tmp_path)).splitlines() for _ in range(2))
    assert [line.split()[:4] for line in first[:2]] == [["compiled", str(n), "of", "2"] for n in (1, 2)]
    assert first[2:] == ["2 kernels are ready: 2 compiled now, 0 were in the cache."]
    assert second == ["2 kernels are ready: 0 compiled now, 2 were in the cache."]


def test_every_kernel_of_the_package_is_found():
    found = {f"{each.__module__}.{each.__name__}" for each in kernels.find()}
    assert {"ngo_lesson.optimize.descent.descend_", "ngo_lesson.models.linear.lms_"} <= found
