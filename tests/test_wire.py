"""The wire: plain data arrive as they were sent, and bytes that were not sent by us do no harm."""

import contextlib
import io
import os
import socket
import struct
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ngo_lesson.answers import Seed
from ngo_lesson.grading.wire import DEEPEST, ENTRIES, LIMIT, Channel, WireError, decode, encode

dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
    hnp.unicode_string_dtypes(endianness="?", min_len=1, max_len=5),
)
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
numbers = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.complex_numbers(), st.text()
)
leaves = numbers | arrays | st.builds(Seed, st.integers(0, 2**63 - 1))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(), inner, max_size=4),
    ),
    max_leaves=20,
)


def alike(a, b):
    """Whether two values have the same types and the same bits, NaN included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(map(alike, a.values(), b.values()))
    return repr(a) == repr(b)


@given(values)
def test_what_arrives_is_what_was_sent(value):
    arrived = decode(encode(value))
    assert alike(value, arrived)
    assert encode(arrived) == encode(value)


@given(st.binary(max_size=200))
def test_random_bytes_raise_wire_error_alone(data):
    with contextlib.suppress(WireError):
        decode(data)


@given(values, st.data())
def test_cut_or_changed_bytes_raise_wire_error_alone(value, data):
    whole = encode(value)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(WireError):
        decode(whole[:cut])
    with pytest.raises(WireError):
        decode(whole + b"N")
    changed = whole[:cut] + bytes([data.draw(st.integers(0, 255))]) + whole[cut + 1 :]
    with contextlib.suppress(WireError):
        decode(changed)


def test_arrays_arrive_writable_and_scalars_as_scalars():
    array = decode(encode(np.arange(6.0).reshape(2, 3).T))
    array += 1
    assert array.tolist() == [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
    assert type(decode(encode(np.float32(0.5)))) is np.float32
    assert type(decode(encode(np.ma.array([1.0])))) is np.ndarray
    assert decode(encode(np.zeros((0, 3)))).shape == (0, 3)


def test_a_generator_goes_on_where_it_was():
    rng = np.random.default_rng(5)
    rng.integers(10, dtype=np.int32)  # leaves half of a draw behind
    arrived = decode(encode(rng))
    assert arrived.integers(10, size=9, dtype=np.int32).tolist() == rng.integers(10, size=9, dtype=np.int32).tolist()
    assert arrived.standard_normal(5).tolist() == rng.standard_normal(5).tolist()
    with pytest.raises(WireError, match="only PCG64"):
        encode(np.random.Generator(np.random.MT19937(0)))
    still = bytearray(encode(rng))
    still[32] &= 0xFE  # an even increment
    with pytest.raises(WireError, match="no state of a generator"):
        decode(bytes(still))


class Number(int):
    pass


def nested(depth):
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"bytes",
        len,
        2**63,
        -(2**63) - 1,
        Number(3),
        nested(DEEPEST),
        [None] * (ENTRIES + 1),
        {(1, 2): 3},
        "x" * LIMIT,
        np.zeros(LIMIT // 8),
        np.array([None, 1]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.array([b"bytes"]),
        np.zeros(2, dtype=[("a", float)]),
        np.broadcast_to(0.0, (2**13, 2**13)),
        np.zeros((0, 2**40)),
    ],
    ids=lambda value: f"{type(value).__name__} {str(value)[:20]}",
)
def test_what_cannot_be_sent(value):
    with pytest.raises(WireError):
        encode(value)


def array_bytes(code, shape, data=b""):
    return b"a" + bytes((len(code), len(shape))) + code + struct.pack(f">{len(shape)}Q", *shape) + data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (array_bytes(b"<f8", (2**32, 2**32)), "shape"),
        (array_bytes(b"<f8", (2**63, 2, 0)), "shape"),
        (array_bytes(b"<f8", (2**20,)), "too early"),
        (array_bytes(b"<f8", (2**22,)), "more than"),
        (array_bytes(b"<f8", (0, 2**40)), "shape"),
        (array_bytes(b"<f8", (1,) * 60, b"12345678"), "shape"),
        (array_bytes(b"|O8", (1,), b"12345678"), "dtype"),
        (array_bytes(b"<U99999999999999", (0,)), "dtype"),
        (array_bytes(b"f8,f8", (0,)), "dtype"),
        (array_bytes(b"|b1", (1,), b"\x02"), "truth values"),
        (array_bytes(b"<U1", (1,), b"\xff\xff\xff\xff"), "text"),
        (b"g" + array_bytes(b"<f8", (1,), b"12345678")[1:], "a number of shape"),
        (b"l" + struct.pack(">I", 2**32 - 1), "longer"),
        (b"l" + struct.pack(">I", 2**19) + (b"l" + struct.pack(">I", 2**19)) * 3, "longer"),
        (b"l\0\0\0\1" * (DEEPEST + 1) + b"N", "nested"),
        (b"l\0\0\0\1" * 100_000, "nested"),
        (b"s" + struct.pack(">I", 2**31), "too early"),
        (b"s\0\0\0\1\xff", "utf-8"),
        (b"d\0\0\0\2s\0\0\0\1aNs\0\0\0\1aN", "twice"),
        (b"d\0\0\0\1" + array_bytes(b"<f8", (0,)) + b"N", "unhashable"),
        (b"", "out of range"),
        (b"Q", "no plain data"),
        (bytes(LIMIT + 1), "at most"),
    ],
)
def test_hostile_bytes_are_refused(data, text):
    with pytest.raises(WireError, match=text):
        decode(data)


@pytest.fixture(params=["socket", "files"])
def ends(request):
    if request.param == "socket":
        pair = [Channel(end) for end in socket.socketpair()]
        yield pair
    else:
        (a, b), (c, d) = os.pipe(), os.pipe()
        pair = [Channel((os.fdopen(read, "rb"), os.fdopen(write, "wb"))) for read, write in ((a, d), (c, b))]
        yield pair
    for channel in pair:
        channel.close()


def test_a_channel_carries_values_in_order(ends):
    large = np.arange(200_000.0)
    thread = threading.Thread(target=lambda: [ends[0].send(value, 10) for value in (1, large, ("a", [None]))])
    thread.start()
    assert ends[1].receive(10) == 1
    np.testing.assert_array_equal(ends[1].receive(10), large)
    assert ends[1].size > large.nbytes
    assert ends[1].receive() == ("a", [None])
    thread.join()
    ends[1].send("back")
    assert ends[0].receive() == "back"


def test_what_cannot_be_sent_leaves_the_channel_as_it_was(ends):
    with pytest.raises(WireError):
        ends[0].send(object())
    ends[0].send(2)
    assert ends[1].receive(5) == 2


def test_waiting_ends(ends):
    with pytest.raises(TimeoutError):
        ends[0].receive(0.05)


def test_a_slow_drip_of_bytes_is_no_way_around_the_limit():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stop = threading.Event()

        def drip():
            theirs.sendall(struct.pack(">Q", 1000))
            while not stop.wait(0.02):
                theirs.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(TimeoutError):
            Channel(ours).receive(0.2)
        stop.set()
        thread.join()


def test_nobody_who_reads_ends_the_sending_too():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        Channel(ours).send(np.zeros(10**6), 0.1)


def test_a_closed_channel_is_an_end_of_file():
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(EOFError):
        Channel(ours).receive(5)
    with pytest.raises(EOFError):
        Channel((io.BytesIO(b"\0\0"), io.BytesIO())).receive()


def test_frames_of_any_length_are_not_believed():
    for data in (b"\xff" * 8, struct.pack(">Q", LIMIT + 1), struct.pack(">Q", 3) + b"abc"):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(data)
            with pytest.raises(WireError):
                Channel(ours).receive(5)
