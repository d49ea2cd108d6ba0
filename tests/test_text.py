"""Text as matrices: counts, PPMI and cosine against plain loops, n-gram models against their formula, bad input."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import entr
from sklearn.exceptions import NotFittedError

from ngo_lesson import data
from ngo_lesson.models.text import (
    LowRankNgrams,
    WittenBell,
    cooccurrence,
    lsa_classifier,
    nearest,
    ppmi,
    split_units,
)

TEXTS = st.lists(st.text("abc 好\n", max_size=8), min_size=1, max_size=5).filter(any)
MODELS = [WittenBell(3), LowRankNgrams(3, 4, min_count=2, random_state=0), LowRankNgrams(1, 2, random_state=0)]


@pytest.fixture(scope="module")
def topics():
    texts = data.python_topics().texts
    order = np.random.default_rng(0).permutation(len(texts))
    return [texts[i] for i in order[8:]], [texts[i] for i in order[:8]]


def test_units_of_several_scripts():
    assert split_units("It's fine, ISN’T it?", "word") == ["it's", "fine", ",", "isn’t", "it", "?"]
    assert split_units("Очень вкусно! 很好", "word") == ["очень", "вкусно", "!", "很好"]
    assert split_units("很好。", "char") == ["很", "好", "。"]
    assert split_units("", "word") == []
    with pytest.raises(ValueError, match='unit=\'words\' must be "char" or "word"'):
        split_units("a", "words")


def test_lsa_classifies_what_it_never_saw():
    topic = {"cat": 0, "dog": 0, "bond": 1, "share": 1}
    texts = [f"my {name} {verb}" for name in topic for verb in ("rose", "fell", "slept", "ran")]
    model = lsa_classifier(4, random_state=0).fit(texts, [topic[text.split()[1]] for text in texts])
    assert model.predict(["the dog and the cat", "a share, a bond"]).tolist() == [0, 1]
    # Empty texts, unseen words and other scripts lie at zero, where the intercept decides.
    assert len(set(model.predict_proba(["", "unseen", "很好", "!"])[:, 1])) == 1


def test_lsa_in_chinese_characters():
    texts = ["很好很喜欢", "喜欢,不错", "太差了", "很差,失望"] * 3
    # 8 components: more than the rank, which is 4.
    model = lsa_classifier(8, analyzer="char", ngram_range=(1, 2), random_state=0).fit(texts, [1, 1, 0, 0] * 3)
    assert model.predict(["喜欢", "失望"]).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("k", "texts", "match"),
    [(99, ["red car", "blue car"], "99"), (1, ["", ""], "empty vocabulary"), (1, [], "empty vocabulary")],
)
def test_lsa_says_what_is_wrong(k, texts, match):
    with pytest.raises(ValueError, match=match):
        lsa_classifier(k).fit(texts, np.arange(len(texts)))


@given(TEXTS, st.integers(1, 4))
def test_cooccurrence_counts_pairs(texts, window):
    counts, names = cooccurrence(texts, window, unit="char", min_count=1)
    expected = Counter()
    for text in texts:
        for i, one in enumerate(text):
            for other in text[i + 1 : i + 1 + window]:
                expected[one, other] += 1
                expected[other, one] += 1
    found = {(names[i], names[j]): n for (i, j), n in np.ndenumerate(counts.toarray()) if n}
    assert found == expected
    assert set(names) == set("".join(texts))


def test_rare_units_are_left_out():
    counts, names = cooccurrence(["a b a", "", "a x b"], 1, min_count=2)
    assert names == ["a", "b"]
    assert counts.toarray().tolist() == [[0, 3], [3, 0]]
    with pytest.raises(ValueError, match="no unit of texts occurs 5 times; lower min_count"):
        cooccurrence(["a b", ""], 2)
    with pytest.raises(ValueError, match="no unit of texts occurs 5 times"):
        cooccurrence([])
    with pytest.raises(ValueError, match="window=0 must be an integer, at least 1"):
        cooccurrence(["a"], 0)


def test_ppmi_is_its_formula():
    counts = np.array([[4.0, 0, 2], [1, 3, 0], [0, 0, 0]])
    n = counts.sum()
    expected = np.zeros_like(counts)
    for i, j in zip(*counts.nonzero(), strict=True):
        expected[i, j] = max(0, math.log(counts[i, j] * n / (counts[i].sum() * counts[:, j].sum())))
    assert (expected > 0).any()
    np.testing.assert_allclose(ppmi(counts), expected)
    stored = sparse.coo_array(([1.0, 3, 2, 1, 3, 0], ([0, 0, 0, 1, 1, 2], [0, 0, 2, 0, 1, 2])), shape=(3, 3)).tocsr()
    before = stored.copy()
    np.testing.assert_allclose(ppmi(stored).toarray(), expected)
    assert stored.nnz == before.nnz  # the caller's zero is still stored
    for bad in (np.nan, -1, np.inf):
        with pytest.raises(ValueError, match="counts holds NaN, infinity or negative entries"):
            ppmi(np.array([[1.0, bad]]))


def test_words_of_one_kind_are_near():
    rng, kinds = np.random.default_rng(0), [["cat", "dog", "cow"], ["red", "blue", "gray"], ["eat", "run", "nap"]]
    texts = [" ".join(rng.choice(kinds[kind]) for kind in (1, 0, 2)) for _ in range(300)]
    counts, names = cooccurrence(texts, 2)
    U, s, _ = np.linalg.svd(ppmi(counts).toarray())
    vectors = U[:, :3] * np.sqrt(s[:3])
    near = {names[j] for j in nearest(vectors, names.index("dog"), 2)}
    assert near == {"cat", "cow"}


def test_nearest_is_by_cosine():
    vectors = np.array([[1.0, 0], [9, 9], [0.1, 0.01], [0, 0], [-1, 0]])
    assert nearest(vectors, 0, 4).tolist() == [2, 1, 3, 4]
    assert nearest(vectors, 3, 2).tolist() == [0, 1]  # all similarities are 0
    for n in (0, 5):
        with pytest.raises(ValueError, match=f"n={n} must be between 1 and 4"):
            nearest(vectors, 0, n)


def witten_bell(stream, context, unit, V, order):
    """The formula, by looking through the whole text."""
    p = 1 / V
    for n in range(order):
        h = context[len(context) - n :]
        after = Counter(stream[i + n] for i in range(len(stream) - n) if stream[i : i + n] == h)
        if n > len(context) or not after:
            break
        p = (after[unit] + len(after) * p) / (after.total() + len(after))
    return p


@settings(deadline=None)  # the kernel is compiled in one of them
@given(TEXTS, st.text("abd好坏\n", min_size=1, max_size=6), st.integers(1, 4))
def test_witten_bell_is_its_formula(texts, held_out, order):
    model = WittenBell(order).fit(texts)
    stream, V = "\n" + "".join(text + "\n" for text in texts if text), len(model.units_)
    new = "\n" + held_out + "\n"
    p = [witten_bell(stream, new[:i], new[i], V, order) for i in range(1, len(new))]
    # A unit that was not there in training is counted 0 times, as the unknown one.
    assert model.bits([held_out]) == pytest.approx(-np.mean(np.log2(p)))
    assert model.perplexity(["", held_out]) == pytest.approx(2 ** -np.mean(np.log2(p)))
    following = [witten_bell(stream, new[:-1], unit, V, order) for unit in model.units_]
    np.testing.assert_allclose(model.next_unit(held_out), following)


@settings(deadline=None)  # the kernel is compiled in one of them
@given(TEXTS, st.text("abd好坏\n", min_size=1, max_size=6), st.sampled_from(MODELS))
def test_probabilities_are_positive_and_what_bits_are_made_of(texts, held_out, model):
    model.fit(texts)
    bits = []
    for i, unit in enumerate(held_out + "\n"):
        p = model.next_unit(held_out[:i])
        assert (p > 0).all()
        assert p.sum() == pytest.approx(1)
        bits.append(-np.log2(p[model.units_.index(unit) if unit in model.units_ else 0]))
    assert model.bits([held_out]) == pytest.approx(np.mean(bits))


def test_the_low_rank_part_is_its_formula():
    texts = ["abab abba aabb baba", "bab abb", "aab bba bab"]
    model = LowRankNgrams(2, 2, min_count=1, random_state=0).fit(texts)
    stream, units = "\n" + "".join(text + "\n" for text in texts), model.units_
    counts = np.array([[sum(stream[i : i + 2] == h + w for i in range(len(stream))) for w in units] for h in units])
    counts[:, 0] = counts[0] = 0
    U, s, Vt = np.linalg.svd(np.sqrt(counts))
    q = np.maximum((U[:, :2] * s[:2]) @ Vt[:2], 0) ** 2
    h = units.index("b")
    weight = counts[h].sum() / (counts[h].sum() + (counts[h] > 0).sum())
    expected = weight * q[h] / q[h].sum() + (1 - weight) * WittenBell(1).fit(texts).next_unit("b")
    np.testing.assert_allclose(model.next_unit("aab"), expected, rtol=1e-5)


def test_full_rank_and_no_row_are_the_baseline(topics):
    train, test = topics
    baseline = [WittenBell(order).fit(train).bits(test) for order in (2, 3)]
    assert LowRankNgrams(3, 1000, min_count=1, random_state=0).fit(train).bits(test) == pytest.approx(baseline[1], 1e-4)
    assert LowRankNgrams(3, 5, min_count=10**9).fit(train).bits(test) == pytest.approx(baseline[0])


def test_low_rank_is_near_the_baseline_and_keeps_less(topics):
    train, test = topics
    baseline = WittenBell(4).fit(train)
    models = [LowRankNgrams(4, rank, random_state=0).fit(train) for rank in (2, 50)]
    few, many = (model.bits(test) for model in models)
    assert few > many
    assert many < 1.05 * baseline.bits(test)
    assert models[0].stored_bytes() < baseline.stored_bytes()
    assert all(len(model.sample("The ", 50, rng=0)) == 54 for model in (baseline, *models))


def test_order_helps_until_it_does_not(topics):
    train, test = topics
    bits = [WittenBell(order).fit(train).bits(test) for order in (1, 2, 3)]
    assert bits == sorted(bits, reverse=True)
    shares = np.unique(list("".join(test)), return_counts=True)[1] / sum(map(len, test))
    assert bits[0] > entr(shares).sum() / math.log(2)  # no model of single characters is below the entropy


@pytest.mark.parametrize("model", [WittenBell(2, unit="word"), LowRankNgrams(2, 3, unit="word", min_count=1)])
def test_words_are_joined_by_spaces(model):
    model.fit(["A cat sat. A dog sat.", "A cat ran."])
    text = model.sample("a", 6, rng=0)
    assert text.startswith("a ")
    assert len(text.split(" ")) == 7
    assert set(text.split(" ")) <= set(model.units_)
    assert model.sample("", 3, temperature=0).split(" ")[0] == "a"
    assert np.isfinite(model.bits(["An unseen 很好 sentence!"]))


@pytest.mark.parametrize("model", MODELS)
def test_an_unseen_seed_is_kept_and_unknown_is_never_drawn(model):
    model.fit(["我喜欢这本书。", "我不喜欢。", "这本书很好。"] * 5)
    for seed_text in ("", "我", "Ωx", "\N{GRINNING FACE}"):
        text = model.sample(seed_text, 30, rng=1)
        assert text.startswith(seed_text)
        assert len(text) == len(seed_text) + 30
        assert set(text[len(seed_text) :]) <= set(model.units_[1:])
    assert model.sample("我", 0) == "我"


def test_temperature_sharpens(topics):
    model = WittenBell(3).fit(topics[0])
    likeliest = model.sample("The", 40, temperature=0)
    assert model.sample("The", 40, temperature=1e-300, rng=3) == likeliest
    assert model.sample("The", 40, rng=3) == model.sample("The", 40, rng=3) != model.sample("The", 40, rng=4)

    def own_bits(temperature):
        drawn = [model.sample("", 100, temperature, rng=seed) for seed in range(10)]
        return np.mean([model.bits([text]) for text in drawn])

    assert own_bits(0.3) < own_bits(1) < own_bits(3)


def test_samples_follow_the_probabilities():
    model = WittenBell(2).fit(["aaab", "aab", "b"])
    drawn = Counter(model.sample("a", 1, rng=seed)[1] for seed in range(3000))
    p = model.next_unit("a")[1:] / model.next_unit("a")[1:].sum()
    found = np.array([drawn[unit] for unit in model.units_[1:]]) / 3000
    assert np.abs(found - p).max() < 4 * np.sqrt(0.25 / 3000)


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (WittenBell(0), "order=0 must be an integer, at least 1"),
        (WittenBell(2.5), r"order=2\.5 must be an integer"),
        (WittenBell(unit="byte"), "unit='byte' must be"),
        (LowRankNgrams(2, 0), "rank=0 must be an integer, at least 1"),
        (LowRankNgrams(-1), "order=-1 must be"),
        (LowRankNgrams(min_count=0), "min_count=0 must be"),
    ],
)
def test_bad_settings_are_named(model, match):
    with pytest.raises(ValueError, match=match):
        model.fit(["abc"])


@pytest.mark.parametrize("model", [WittenBell(2), LowRankNgrams(2)])
def test_bad_texts_are_named(model):
    with pytest.raises(NotFittedError):
        model.bits(["a"])
    for texts in ([], [""], ["", ""]):
        with pytest.raises(ValueError, match="texts hold nothing but empty texts"):
            model.fit(texts)
    with pytest.raises(TypeError, match="texts is one text; give a list"):
        model.fit("abc")
    with pytest.raises(TypeError, match=r"texts\[1\] is nan; each text must be a str"):
        model.fit(["a", float("nan")])
    model.fit(["abc"])
    with pytest.raises(ValueError, match="nothing but empty texts"):
        model.bits([])
    for temperature in (-1, math.nan, math.inf, "hot"):
        with pytest.raises(ValueError, match=r"temperature=.* must be a finite number, at least 0"):
            model.sample("a", 3, temperature)
    with pytest.raises(ValueError, match="length=-1 must be an integer, at least 0"):
        model.sample("a", -1)
