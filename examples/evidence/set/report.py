"""Tables and plots of what train.py measured; writes docs/set.md, docs/sel.md and their images.

    python examples/evidence/set/report.py docs

draws everything from the set_*.csv that are in the folder: plots as img/set_*.png, tables between
their marks in set.md and sel.md; where these pages are not, it prints the tables. Whatever was
measured so far will do: tables say of how many seeds they are. Needs the extras `cli` and `torch`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parents[1]))
from set import figures
from set.suites import SETUPS
from set.tables import (
    ACCURACY,
    COST,
    NETWORKS,
    TABLE_1,
    WALL,
    Row,
    lead_table,
    level_table,
    mean_table,
    noise_table,
    ordered,
    rows_of,
    table,
    table_1,
    table_2,
    table_3,
)  # fmt: skip

# Of each table: its suite, and how it is made. Its mark in a page has the same name.
TABLES: dict[str, tuple[str, Callable[[list[Row]], str]]] = {
    "table_1": ("paper", table_1), "table_2": ("paper", table_2), "table_3": ("paper", table_3),
    "robust_grid": ("robust_grid", partial(noise_table, tuned=True)),
    "robust": ("robust", noise_table),
    "robust_lead": ("robust", partial(lead_table, loss="0.02 CE + 2.8 SEL, sigma 4")),
    "rules": ("rules", partial(mean_table, columns=COST)),
    "frontier": ("frontier", partial(table, columns=COST)),
    "wall": ("wall", partial(table, columns=WALL)),
    "levels": ("levels", partial(table, columns=COST)),
    "noise": ("noise", partial(table, columns=ACCURACY, setting="noise")),
    "imbalance": ("imbalance", partial(table, columns=ACCURACY)),
    "finetune": ("finetune", partial(table, columns=ACCURACY)),
    "sel": ("sel", partial(table, columns=TABLE_1, setting="network")),
    "networks": ("networks", partial(mean_table, columns=NETWORKS)),
    "figure_1": ("figure_1", level_table),
}  # fmt: skip
PLOTS: dict[str, tuple[str, Callable[[list[Row]], Figure | None]]] = {
    "figure_1": ("figure_1", figures.easiness_by_confidence),
    "figure_2": ("paper", figures.usage_and_accuracy), "frontier": ("frontier", figures.frontier),
    "sel": ("sel", figures.sharpness), "levels": ("levels", figures.shares),
    "epochs": ("levels", figures.by_epoch),
}  # fmt: skip


def put(page: Path, name: str, text: str) -> bool:
    """Put a table between its marks; whether the page has them."""
    if not page.exists():
        return False
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    new, count = pattern.subn(lambda m: f"{m[1]}\n{text}\n\n{m[2]}", page.read_text("utf-8"))
    if count > 1:
        raise SystemExit(f"{page}: expected the marks of {name} once, found them {count} times")
    page.write_text(new, "utf-8")
    return count == 1


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: report.py FOLDER, which has the set_*.csv of train.py")
    docs = Path(sys.argv[1])
    paths = {suite: docs / f"set_{suite}.csv" for suite, _ in (*TABLES.values(), *PLOTS.values())}
    found = {suite: rows_of(path) for suite, path in paths.items() if path.exists()}
    found = {s: ordered(s, rows) if s in SETUPS else rows for s, rows in found.items()}
    if not found:
        raise SystemExit(f"{docs}: has no set_*.csv; make them with train.py -o {docs}")
    for name, (suite, make) in TABLES.items():
        if suite in found:
            text = make(found[suite])
            # No short cut: a table may be in both pages.
            if not sum(put(docs / page, name, text) for page in ("set.md", "sel.md")):
                print(f"{name}\n\n{text}\n")
    (docs / "img").mkdir(exist_ok=True)
    for name, (suite, draw) in PLOTS.items():
        figure = draw(found[suite]) if suite in found else None
        if figure is None:
            print(f"no plot of {name}: the runs that it needs are missing")
            continue
        figure.savefig(docs / "img" / f"set_{name}.png", dpi=110)


if __name__ == "__main__":
    main()
