"""The Transformer: torch's gradients, finite differences, what tokens may see, sampling, and files that load safely."""

import importlib.util
import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import float32, types
from scipy.special import log_softmax, softmax
from scipy.stats import chisquare

from ngo_lesson.data import python_topics
from ngo_lesson.kernels import kernel
from ngo_lesson.models.language_model import (
    PRETRAINED,
    CharTokenizer,
    Config,
    LanguageModel,
    batches,
    held_out_loss,
    is_held_out,
    pretrained,
    train_,
    windows,
)
from ngo_lesson.models.sampling import choose
from ngo_lesson.models.text import WittenBell
from ngo_lesson.models.transformer import exp
from ngo_lesson.optimize.gradients import Central
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.updates import GD, Adam

SCRIPT = Path(__file__).parent / "references" / "make_torch_language_model.py"
spec = importlib.util.spec_from_file_location("make_torch_language_model", SCRIPT)
torch_cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(torch_cases)
TEXT = "the cat sat on the mat. " * 20
every_case = pytest.mark.parametrize("name", torch_cases.CASES)


def of_size(**sizes):
    """A model whose tokenizer knows as many characters as are needed."""
    config = Config(**sizes)
    return LanguageModel(CharTokenizer("".join(chr(0x4E00 + i) for i in range(config.vocabulary - 1))), config)


@pytest.fixture
def model():
    return LanguageModel(CharTokenizer("abcdefg"), Config(8, context=5, width=8, heads=2), rng=0)


@kernel(types.void(float32[::1], float32[::1]))
def fill_exp_(x, out):
    for i in range(x.size):
        out[i] = exp(x[i])


def test_the_compiled_exponential_is_exact_to_float32():
    x = np.linspace(-87, 88, 1_000_001, dtype=np.float32)
    out = np.empty_like(x)
    fill_exp_(x, out)
    np.testing.assert_allclose(out, np.exp(x.astype(np.float64)), rtol=4e-7)
    x[:3] = np.nan, -np.inf, 0
    fill_exp_(x, out)
    assert math.isnan(out[0])
    assert out[1] < 2e-38
    assert out[2] == 1


@every_case
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 3e-5)])
def test_loss_and_gradient_are_those_of_torch(name, dtype, rtol):
    sizes, theta, inputs, targets = torch_cases.drawn(name)
    reference, theta, model = np.load(torch_cases.FILE), theta.astype(dtype), of_size(**sizes)
    value, gradient = model.loss_and_gradient(theta, inputs, targets)
    expected = reference[f"{name} gradient"]
    assert gradient.dtype == dtype
    assert value == pytest.approx(float(reference[f"{name} loss"]), rel=rtol)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=rtol * np.abs(expected).max())
    assert model.loss(theta, inputs, targets) == value


@every_case
def test_gradient_is_that_of_central_differences(name):
    sizes, theta, inputs, targets = torch_cases.drawn(name)
    model = of_size(**sizes)
    found = model.loss_and_gradient(theta, inputs, targets)[1]
    expected = Central().gradient(lambda point: model.loss(point, inputs, targets), theta)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_parameters_are_views_in_the_order_documented():
    config = Config(11, context=6, width=4, heads=2, layers=2)
    theta = np.arange(config.size, dtype=np.float64)
    views = config.unpack(theta)
    order = [views.tokens, views.positions]
    for each in views.layers:
        order += [each.gain1, each.qkv, each.out, each.gain2, each.up, each.down]
    np.testing.assert_array_equal(np.concatenate([part.ravel() for part in [*order, views.gain]]), theta)
    views.layers[1].down[0, 0] = -1
    assert -1 in theta
    assert Config(190).size == 114_880


def test_a_new_model_finds_all_tokens_about_equally_likely(model):
    inputs, targets = np.random.default_rng(0).integers(0, 8, (2, 16, 5))
    assert model.theta.dtype == np.float32
    assert model.loss(model.theta, inputs, targets) == pytest.approx(math.log(8), abs=0.03)


@settings(max_examples=25)
@given(at=st.integers(0, 4), token=st.integers(0, 7), seed=st.integers(0, 99))
def test_no_token_sees_a_later_one(at, token, seed):
    model = of_size(vocabulary=8, context=5, width=8, heads=2, layers=2)
    rng = np.random.default_rng(seed)
    theta, inputs = rng.standard_normal(model.config.size), rng.integers(0, 8, (1, 5))
    changed = inputs.copy()
    changed[0, at] = token
    for position in range(at):
        targets = np.full((1, 5), -1)
        targets[0, position] = 3
        assert model.loss(theta, inputs, targets) == model.loss(theta, changed, targets)


def test_logits_and_loss_tell_the_same(model):
    tokens = np.array([3, 1, 4, 1])
    targets = np.array([[-1, -1, -1, 5]])
    assert model.loss(model.theta, tokens[None], targets) == pytest.approx(
        -log_softmax(model.logits(model.theta, tokens))[5], 1e-5
    )


def test_the_loss_is_a_mean_over_targets_that_count(model):
    inputs = np.random.default_rng(1).integers(0, 8, (2, 5))
    theta = np.random.default_rng(2).standard_normal(model.config.size)
    alone = []
    for row, column in np.ndindex(2, 5):
        targets = np.full((2, 5), -1)
        targets[row, column] = inputs[row, column]
        alone.append(model.loss(theta, inputs, targets))
    assert model.loss(theta, inputs, inputs) == pytest.approx(np.mean(alone))


def test_a_large_vocabulary_takes_several_blocks_of_rows():
    model = of_size(vocabulary=300, context=4, width=4, heads=1, layers=1)
    rng = np.random.default_rng(0)
    inputs, targets = rng.integers(0, 300, (2, 3, 4))
    theta = rng.standard_normal(model.config.size)
    alone = [model.loss(theta, inputs[[i]], targets[[i]]) for i in range(3)]
    gradients = [model.loss_and_gradient(theta, inputs[[i]], targets[[i]])[1].copy() for i in range(3)]
    value, gradient = model.loss_and_gradient(theta, inputs, targets)
    assert value == pytest.approx(np.mean(alone))
    np.testing.assert_allclose(gradient, np.mean(gradients, axis=0), atol=1e-12)


@settings(max_examples=40)
@given(bad=st.sampled_from([np.nan, np.inf]), where=st.floats(0, 1, exclude_max=True))
def test_what_is_not_finite_in_theta_shows_in_the_loss(bad, where):
    model = of_size(vocabulary=4, context=3, width=4, heads=2, layers=1)
    theta = model.config.initialize(0)
    theta[int(where * theta.size)] = bad
    assert not math.isfinite(model.loss(theta, np.array([[0, 1, 2], [3, 3, 3]]), np.array([[1, 2, 3], [0, 1, 2]])))


def test_a_pass_without_backprop_needs_less_and_no_more_for_depth():
    def size(backprop, layers):
        model = of_size(vocabulary=20, width=16, layers=layers)
        return model.workspace(4, 64, backprop).nbytes

    assert size(False, 8) == size(False, 1)
    assert size(True, 8) > 6 * size(True, 1) > 12 * size(False, 1)


def test_a_step_of_the_same_shape_allocates_no_workspace(model):
    inputs = np.zeros((2, 5), np.int64)
    first = model.loss_and_gradient(model.theta, inputs, inputs)[1]
    assert model.loss_and_gradient(model.theta, inputs, inputs)[1] is first


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ([[0, 8]], [[0, 0]], "inputs holds 0 to 8; tokens are 0 to 7"),
        ([[-1, 0]], [[0, 0]], "inputs holds -1 to 0"),
        ([[0] * 6], [[0] * 6], "6 columns; the context of this model is 5"),
        ([0, 1], [0, 1], "int64 of shape"),
        ([[]], [[]], "at least one"),
        ([[0.0]], [[0]], "int64"),
        ([[0, 1]], [[1]], "the shape of inputs"),
        ([[0, 1]], [[1, 8]], "targets must be below 8"),
        ([[0, 1]], [[-1, -1]], "at least one of them not negative"),
    ],
)
def test_bad_tokens_are_named(model, inputs, targets, message):
    with pytest.raises(ValueError, match=message):
        model.loss(model.theta, np.array(inputs), np.array(targets))


def test_bad_parameters_are_named(model):
    tokens = np.zeros((1, 2), np.int64)
    with pytest.raises(ValueError, match=r"theta has shape \(3,\); with Config"):
        model.loss(np.zeros(3), tokens, tokens)
    for wrong in (model.theta.astype(np.float16), np.zeros(2 * model.theta.size)[::2], list(model.theta)):
        with pytest.raises(ValueError, match="contiguous array of float32 or float64"):
            model.loss(wrong, tokens, tokens)
    with pytest.raises(ValueError, match="theta has shape"):
        LanguageModel(model.tokenizer, model.config, np.zeros(5))
    with pytest.raises(ValueError, match="vocabulary=9 must be 8"):
        LanguageModel(model.tokenizer, Config(9))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"layers": 0}, "layers=0"),
        ({"width": 6.0}, r"width=6\.0"),
        ({"width": 6}, "width=6 must be a multiple of heads"),
    ],
)
def test_bad_sizes_are_named(sizes, message):
    with pytest.raises(ValueError, match=message):
        Config(10, **sizes)


@given(st.text(max_size=50))
def test_texts_come_back_whole_if_all_is_known(text):
    tokenizer = CharTokenizer.of("ab\N{SNOWMAN}" + text)
    kept = text.replace(CharTokenizer.UNKNOWN, "")
    assert tokenizer.decode(tokenizer.encode(kept)) == kept


def test_english_and_chinese_share_a_tokenizer():
    tokenizer = CharTokenizer.of("to be 你好，你们好 😀")
    assert tokenizer.decode(tokenizer.encode("你 be 😀")) == "你 be 😀"
    assert len(tokenizer) == 1 + len(set("to be 你好，你们好 😀"))


def test_unknown_characters_become_the_unknown_token():
    tokenizer = CharTokenizer.of("abba")
    assert tokenizer.characters == "ab"
    np.testing.assert_array_equal(tokenizer.encode("abcz你"), [1, 2, 0, 0, 0])
    assert tokenizer.decode([1, 0]) == "a\N{REPLACEMENT CHARACTER}"
    assert tokenizer.encode("").size == 0
    assert tokenizer.encode("\ud800").tolist() == [0]


@pytest.mark.parametrize("characters", ["", "aba", "a\N{REPLACEMENT CHARACTER}"])
def test_bad_characters_are_named(characters):
    with pytest.raises(ValueError, match=r"characters=.* must be distinct, at least one"):
        CharTokenizer(characters)


def test_sampling_repeats_with_its_seed_and_keeps_the_prompt(model):
    text = model.sample("ab", 40, rng=3)
    assert text == model.sample("ab", 40, rng=3) != model.sample("ab", 40, rng=4)
    assert text.startswith("ab")
    assert len(text) == 42
    assert set(text) <= set("abcdefg")  # never the unknown token


def test_temperature_0_takes_the_likeliest_token(model):
    text = model.sample("a", 12, temperature=0)
    for end in range(1, 13):
        tokens = model.tokenizer.encode(text[max(0, end - 5) : end])
        assert model.tokenizer.characters[model.logits(model.theta, tokens)[1:].argmax()] == text[end]
    assert text == model.sample("a", 12, top_k=1) == model.sample("a", 12, temperature=1e-300)


def test_choices_follow_the_softmax():
    logits, rng = np.array([1.0, -1.0, 0.5, 2.0]), np.random.default_rng(0)
    for temperature in (0.5, 1, 3):
        counts = np.bincount([choose(logits, temperature, None, rng) for _ in range(4000)], minlength=4)
        assert chisquare(counts, 4000 * softmax(logits / temperature)).pvalue > 1e-3
    counts = np.bincount([choose(logits, 1, 2, rng) for _ in range(4000)], minlength=4)
    assert counts[1] == counts[2] == 0
    assert chisquare(counts[[0, 3]], 4000 * softmax(logits[[0, 3]])).pvalue > 1e-3


@pytest.mark.parametrize("temperature", [-0.1, math.nan, math.inf, "hot"])
def test_bad_temperatures_are_named(model, temperature):
    with pytest.raises(ValueError, match=rf"temperature={temperature!r} must be a finite number, at least 0"):
        model.sample("a", 1, temperature=temperature)


@pytest.mark.parametrize("top_k", [0, -1, 1.5])
def test_a_bad_top_k_is_named(model, top_k):
    with pytest.raises(ValueError, match=r"top_k=.* must be a positive integer"):
        model.sample("a", 1, top_k=top_k)


def test_an_empty_prompt_is_named(model):
    with pytest.raises(ValueError, match="prompt is empty; give at least one character"):
        model.sample("", 5)


def test_unknown_characters_of_a_prompt_are_named_and_read_as_unknown(model):
    with pytest.warns(UserWarning, match="does not know 'zy' of the prompt"):
        text = model.sample("zyaz", 10, rng=0)
    assert text.startswith("zyaz")
    with pytest.warns(UserWarning, match="does not know"):
        assert model.sample("你你a你", 10, rng=0)[4:] == text[4:]


def test_of_a_long_prompt_the_last_tokens_are_read(model):
    assert model.sample("gggggabcde", 10, rng=0) == "ggggg" + model.sample("abcde", 10, rng=0)


def test_a_checkpoint_restores_the_model(model, tmp_path):
    file = tmp_path / "model"
    model.save(file)
    twin = LanguageModel.load(file)
    assert twin.config == model.config
    assert twin.tokenizer.characters == model.tokenizer.characters
    assert twin.theta.dtype == model.theta.dtype
    np.testing.assert_array_equal(twin.theta, model.theta)
    assert twin.sample("abc", 20, rng=1) == model.sample("abc", 20, rng=1)
    assert [each.name for each in tmp_path.iterdir()] == ["model"]
    first = file.read_bytes()
    twin.save(file)
    assert file.read_bytes() == first


def test_a_write_that_fails_leaves_the_old_checkpoint(model, tmp_path):
    file = tmp_path / "model.npz"
    model.save(file)
    before = file.read_bytes()
    model.tokenizer.characters = object()  # what JSON cannot hold
    with pytest.raises(TypeError):
        model.save(file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_missing_checkpoint_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        LanguageModel.load(tmp_path / "none.npz")


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("the checkpoint was run",)


def header(model, **changes):
    entries = {"format": "ngo-lesson language model 1", "characters": "abcdefg"} | changes
    config = {"vocabulary": 8, "context": 5, "width": 8, "heads": 2, "layers": 2}
    return np.frombuffer(json.dumps({"config": config} | entries).encode(), np.uint8)


FOREIGN = {
    "empty": lambda file, model: file.write_bytes(b""),
    "text": lambda file, model: file.write_text("loss 2.3 and falling"),
    "pickle": lambda file, model: file.write_bytes(pickle.dumps(Bomb())),
    "pickle inside": lambda file, model: np.savez(file, header=header(model), theta=np.array([Bomb()], object)),
    "array": lambda file, model: np.save(file.open("wb"), model.theta),
    "other arrays": lambda file, model: np.savez(file, weights=model.theta),
    "no JSON": lambda file, model: np.savez(file, header=np.arange(9), theta=model.theta),
    "other format": lambda file, model: np.savez(file, header=header(model, format="gpt"), theta=model.theta),
    "fewer characters": lambda file, model: np.savez(file, header=header(model, characters="ab"), theta=model.theta),
    "other sizes": lambda file, model: np.savez(file, header=header(model, config={"layers": 3}), theta=model.theta),
    "short": lambda file, model: np.savez(file, header=header(model), theta=model.theta[:-1]),
    "integers": lambda file, model: np.savez(file, header=header(model), theta=model.theta.astype(int)),
    "NaN": lambda file, model: np.savez(file, header=header(model), theta=model.theta * np.nan),
}


def test_a_checkpoint_of_these_parts_is_good(model, tmp_path):
    np.savez(tmp_path / "model.npz", header=header(model), theta=model.theta)
    np.testing.assert_array_equal(LanguageModel.load(tmp_path / "model.npz").theta, model.theta)


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_checkpoint_is_named(kind, model, tmp_path):
    file = tmp_path / "model.npz"
    FOREIGN[kind](file, model)
    with pytest.raises(ValueError, match=r"model\.npz is damaged, or not a checkpoint .* save the model again"):
        LanguageModel.load(file)


@settings(max_examples=60)
@given(where=st.floats(0, 1, exclude_max=True), cut=st.booleans(), flip=st.integers(1, 255))
def test_a_damaged_checkpoint_is_named_or_harmless(where, cut, flip, tmp_path_factory):
    model = LanguageModel(CharTokenizer("ab"), Config(3, context=2, width=2, heads=1, layers=1))
    file = tmp_path_factory.mktemp("damaged") / "model.npz"
    model.save(file)
    raw = bytearray(file.read_bytes())
    at = int(where * len(raw))
    raw[at] ^= flip
    file.write_bytes(raw[:at] if cut else raw)
    try:
        found = LanguageModel.load(file)
    except ValueError as error:
        found, message = None, str(error)
    if found is None:
        assert "model.npz is damaged, or not a checkpoint" in message
    else:
        assert not cut
        np.testing.assert_array_equal(found.theta, model.theta)
        assert found.config == model.config


@pytest.fixture
def reader():
    """A new model for TEXT."""
    tokenizer = CharTokenizer.of(TEXT)
    return LanguageModel(tokenizer, Config(len(tokenizer), context=12, width=16, heads=2), rng=0)


def test_training_learns_a_text_and_says_how_it_goes(reader):
    tokens, calls = reader.tokenizer.encode(TEXT), []
    before = held_out_loss(reader, tokens)
    losses = train_(reader, batches(tokens, 12, 16, 150, 0), Adam(1e-2), lambda *each: calls.append(each))
    assert calls == list(enumerate(losses, 1))
    assert before == pytest.approx(math.log(len(reader.tokenizer)), abs=0.05)
    assert held_out_loss(reader, tokens) < 0.25
    assert reader.sample("the cat ", 4, temperature=0) == "the cat sat "


def test_a_run_that_diverges_is_named(reader):
    tokens = reader.tokenizer.encode(TEXT)
    with pytest.raises(ValueError, match=r"at step \d+: the run has diverged; try a smaller lr"):
        train_(reader, batches(tokens, 12, 4, 100, 0), GD(1e30))


def test_held_out_loss_is_the_mean_over_windows(reader):
    tokens = reader.tokenizer.encode(TEXT)[: 5 * 12 + 7]
    alone = [reader.loss(reader.theta, *windows(tokens, [start], 12)) for start in range(0, 60, 12)]
    assert held_out_loss(reader, tokens, batch_size=2) == pytest.approx(np.mean(alone))
    assert held_out_loss(reader, tokens[:4]) == pytest.approx(reader.loss(reader.theta, *windows(tokens[:4], [0], 3)))


def test_windows_hold_a_text_and_what_comes_next():
    tokens = np.arange(20)
    for inputs, targets in batches(tokens, 6, 5, 50, 0):
        assert inputs.shape == targets.shape == (5, 6)
        np.testing.assert_array_equal(targets, inputs + 1)
        np.testing.assert_array_equal(np.diff(inputs), 1)
    starts = {int(row[0]) for inputs, _ in batches(tokens, 6, 50, 20, 0) for row in inputs}
    assert starts == set(range(14))


def test_short_texts_are_named(reader):
    with pytest.raises(ValueError, match="the text has 6 tokens; it must have more than the context, 6"):
        next(batches(np.arange(6), 6, 5, 1, 0))
    with pytest.raises(ValueError, match="the text has 1 tokens; it must have at least 2"):
        held_out_loss(reader, np.zeros(1, np.int64))


def test_searches_and_rules_of_the_package_work_on_theta(reader):
    inputs, targets = windows(reader.tokenizer.encode(TEXT), np.arange(8), 12)
    A = np.random.default_rng(0).normal(0, 0.1, (reader.theta.size, 5))

    def along(z):
        return reader.loss(reader.theta + A @ z, inputs, targets)

    def gradient(theta):
        return reader.loss_and_gradient(theta, inputs, targets)[1]

    found = minimize(along, np.zeros(5), method="cma", budget=200, seed=0)
    assert found.fun < along(np.zeros(5)) - 0.05
    start = reader.theta.astype(np.float64)
    found = minimize(lambda x: reader.loss(x, inputs, targets), start, method="adam", grad=gradient, lr=1e-2, steps=30)
    assert found.fun < 1.5


def test_the_checkpoint_is_small_states_its_origin_and_predicts_better_than_trigrams():
    paragraphs = dict.fromkeys("\n\n".join(python_topics().texts).split("\n\n"))
    seen, unseen = ("\n\n".join(part for part in paragraphs if is_held_out(part) == out) for out in (False, True))
    model = pretrained()
    bits = held_out_loss(model, model.tokenizer.encode(unseen)) / math.log(2)
    assert bits < WittenBell(3).fit([seen]).bits([unseen]) - 0.5
    assert set("文件笔记本") <= set(model.tokenizer.characters)
    assert PRETRAINED.stat().st_size < 1.5e6
    origin = PRETRAINED.with_suffix(".md").read_text()
    for stated in ("pydoc_data.topics", "PSF-2.0", "jupyterlab-language-pack-zh-CN", "BSD-3-Clause"):
        assert stated in origin


def test_copies_of_a_text_are_held_out_together():
    texts = [f"A paragraph,\n   number {i}." for i in range(1000)]
    assert all(is_held_out(text) == is_held_out(" ".join(text.split()) + "\n") for text in texts)
    assert 60 < sum(map(is_held_out, texts)) < 140
