"""Smaller models: the stated bounds hold, packing loses nothing, bytes are those of a file, bad input is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ngo_lesson.models import compression
from ngo_lesson.models.compression import Quantized, low_rank, pack, prune, quantize, size_on_disk, unpack

bits_of = st.sampled_from(compression.BITS)
weights = arrays.arrays(
    st.sampled_from([np.float64, np.float32]),
    arrays.array_shapes(max_dims=3, max_side=7),
    elements=st.floats(-(2.0**100), 2.0**100, width=32),
)


def test_low_rank_has_the_error_of_the_singular_values_left_out():
    W = np.random.default_rng(0).standard_normal((7, 4))
    s = np.linalg.svd(W, compute_uv=False)
    for k in range(1, 5):
        A, B = low_rank(W, k)
        assert A.shape == (7, k)
        assert B.shape == (k, 4)
        assert np.linalg.norm(W - A @ B) == pytest.approx(np.linalg.norm(s[k:]), abs=1e-12)
        np.testing.assert_allclose(np.linalg.norm(A, axis=0), np.linalg.norm(B, axis=1))


@given(weights, st.floats(0, 1))
def test_prune_zeroes_the_smallest_and_keeps_the_rest(w, share):
    before, pruned = w.copy(), prune(w, share)
    count, order = int(share * w.size), np.sort(np.abs(w), axis=None)
    np.testing.assert_array_equal(w, before)
    assert pruned.shape == w.shape
    assert pruned.dtype == w.dtype
    np.testing.assert_array_equal(np.sort(np.abs(pruned), axis=None), np.append(np.zeros(count), order[count:]))
    assert ((pruned == w) | (pruned == 0)).all()


def test_prune_takes_the_first_of_equal_magnitudes():
    np.testing.assert_array_equal(prune(np.array([1.0, -1.0, 1.0, -1.0]), 0.5), [0, 0, 1, -1])


@given(weights, st.floats(0, 1))
def test_mask_and_values_restore_the_array(w, share):
    pruned = prune(w, share)
    mask, values = compression.mask_and_values(pruned)
    assert mask.nbytes == -(-w.size // 8)
    assert values.size == np.count_nonzero(pruned)
    np.testing.assert_array_equal(compression.from_mask(mask, values, w.shape), pruned)


@given(weights, bits_of, st.booleans())
def test_no_entry_moves_by_more_than_half_a_step_and_zero_stays_zero(w, bits, symmetric):
    q = quantize(w, bits, symmetric=symmetric)
    top = 2 ** (bits - 1)
    assert q.integers.dtype == np.int8
    assert q.integers.shape == w.shape
    assert q.integers.max() <= top - 1
    assert q.integers.min() >= (1 - top if symmetric else -top)
    assert np.abs(q.restore() - w).max() <= q.scale / 2 * (1 + 1e-9)
    assert (q.restore()[w == 0] == 0).all()
    if symmetric:
        np.testing.assert_array_equal(quantize(-w, bits).integers, -q.integers)
        np.testing.assert_array_equal(quantize(q.restore(), bits).integers, q.integers)


@pytest.mark.parametrize("bits", compression.BITS)
def test_affine_uses_all_integers_where_symmetric_wastes_half(bits):
    w = np.linspace(0, 1, 1000)
    assert len(np.unique(quantize(w, bits).integers)) == 2 ** (bits - 1)
    affine = quantize(w, bits, symmetric=False)
    assert len(np.unique(affine.integers)) == 2**bits
    assert affine.scale == pytest.approx(1 / (2**bits - 1))


def test_quantize_by_hand():
    q = quantize(np.array([-1.0, -0.4, 0.0, 0.2, 0.7]), 4)
    assert (q.scale, q.zero) == (1 / 7, 0)
    np.testing.assert_array_equal(q.integers, [-7, -3, 0, 1, 5])
    q = quantize(np.array([-1.0, 0.0, 2.0]), 2, symmetric=False)
    assert (q.scale, q.zero) == (1.0, -1)
    np.testing.assert_array_equal(q.integers, [-2, -1, 1])


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("value", [0.0, 3.0, -3.0, 1e-320, 5e-324, 1e308])
def test_constant_arrays_come_back(value, symmetric):
    w = np.full((2, 3), value)
    restored = quantize(w, 8, symmetric=symmetric).restore()
    np.testing.assert_allclose(restored, w, rtol=1e-12, atol=1e-318)
    if value == 0:
        assert quantize(w, 8, symmetric=symmetric).scale == 1


def test_the_widest_range_does_not_overflow():
    w = np.array([-1.7e308, 0.0, 1.7e308])
    for symmetric in (True, False):
        q = quantize(w, 8, symmetric=symmetric)
        assert np.isfinite(q.scale)
        np.testing.assert_allclose(q.restore(), w, rtol=0.01)


@given(bits_of, st.data())
def test_packing_loses_nothing(bits, data):
    half = 2 ** (bits - 1)
    shape = data.draw(arrays.array_shapes(max_dims=2, min_side=0, max_side=9))
    integers = data.draw(arrays.arrays(np.int8, shape, elements=st.integers(-half, half - 1)))
    packed = pack(integers, bits)
    assert packed.dtype == np.uint8
    assert packed.shape == (-(-integers.size * bits // 8),)
    np.testing.assert_array_equal(unpack(packed, bits, shape), integers)


def test_packed_is_what_pack_gives():
    q = Quantized(np.array([1, -2, 0, 1, -1], dtype=np.int8), 0.5, 0, 2)
    np.testing.assert_array_equal(q.packed(), [0b01001001, 0b11])
    np.testing.assert_array_equal(q.restore(), [0.5, -1, 0, 0.5, -0.5])


def test_size_is_that_of_the_file(tmp_path):
    many = [np.random.default_rng(0).standard_normal(5000).astype(np.float32), np.zeros((40, 50))]
    for compressed, save in ((False, np.savez), (True, np.savez_compressed)):
        save(tmp_path / "model.npz", *many)
        assert size_on_disk(many, compressed=compressed) == (tmp_path / "model.npz").stat().st_size
    assert size_on_disk(many) > 36_000 > 20_000 > size_on_disk(many, compressed=True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: quantize(np.array([1.0, np.nan]), 8), "w holds NaN or infinity"),
        (lambda: prune(np.array([1.0, np.inf]), 0.5), "w holds NaN or infinity"),
        (lambda: low_rank(np.full((3, 3), np.nan), 1), "W holds NaN or infinity"),
        (lambda: quantize(np.ones(3), 3), "bits=3 must be one of 8, 4, 2"),
        (lambda: quantize(np.ones(3), 16), "bits=16"),
        (lambda: pack(np.ones(3, dtype=int), 1), "bits=1"),
        (lambda: quantize(np.ones(0), 8), r"w is float64 of shape \(0,\)"),
        (lambda: quantize(["a"], 8), "w is <U1"),
        (lambda: quantize(np.ones(3) * 1j, 8), "w is complex128"),
        (lambda: prune(np.ones(3), 1.1), "share=1.1 must be from 0"),
        (lambda: prune(np.ones(3), -0.1), "share=-0.1"),
        (lambda: prune(np.ones(3), np.nan), "share=nan"),
        (lambda: prune(np.ones(3), "half"), "share='half'"),
        (lambda: low_rank(np.ones((3, 5)), 0), "k=0 must be an integer from 1 to the smaller side of W, 3"),
        (lambda: low_rank(np.ones((3, 5)), 4), "k=4"),
        (lambda: low_rank(np.ones((3, 5)), 1.5), "k=1.5"),
        (lambda: low_rank(np.ones(5), 1), r"W has shape \(5,\)"),
        (lambda: pack(np.array([8]), 4), "integers reach from 8 to 8; 4 bits hold -8..7"),
        (lambda: pack(np.array([0.5]), 4), "integers are float64"),
        (lambda: unpack(np.zeros(2, np.uint8), 4, (5,)), "packed has 2 bytes; .* needs 3"),
        (lambda: compression.from_mask(np.zeros(1, np.uint8), np.ones(0), (9,)), "mask has 1 bytes; .* needs 2"),
        (
            lambda: compression.from_mask(np.zeros(1, np.uint8), np.ones(2), (8,)),
            "values has 2 entries; the mask keeps 0",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
