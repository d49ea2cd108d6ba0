"""Print the table: `python -m benchmarks`; one group: `python -m benchmarks lms`; to store it: `--json FILE`."""

import argparse
import importlib
import json
from pathlib import Path

from threadpoolctl import threadpool_limits

GROUPS = sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py") if file.stem != "timing")

VERDICTS = {True: "met", False: "MISSED", None: "not measured"}


def shown(number: float | None) -> str:
    """Return a number with three digits, or a dash."""
    return "-" if number is None else f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}"


def main(arguments: list[str] | None = None) -> None:
    """Run the groups asked for, print each row as it comes, and store them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"one of {', '.join(GROUPS)}; all if none is given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to FILE as JSON")
    options = parser.parse_args(arguments)
    for group in options.groups:
        if group not in GROUPS:
            parser.error(f"unknown group {group!r}; known: {', '.join(GROUPS)}")

    rows = []
    print(f"{'':<72}{'ours':>9}{'peer':>9}{'ratio':>8}  goal")
    for group in options.groups or GROUPS:
        for row in getattr(importlib.import_module(f"benchmarks.{group}"), group)():
            rows.append(row)
            numbers = f"{shown(row['ours']):>9}{shown(row['peer']):>9}{shown(row['ratio']):>8}"
            print(f"{row['name']:<72}{numbers}  {row['goal']}: {VERDICTS[row['met']]}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
