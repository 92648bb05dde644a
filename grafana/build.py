"""Writes the dashboards as the JSON that Grafana is provisioned with: ``make grafana``.

The output is committed and compared by a test, so it must be the same byte for byte each time.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana import overview
from grafana.board import kpi_board
from kpistream.core.catalogue import Catalogue

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "grafana" / "dashboards"


def shipped_catalogue() -> Catalogue:
    """The KPIs that kpistream ships."""
    path = ROOT / "kpistream" / "catalogue.yml"
    return Catalogue.load(path.read_text(encoding="utf-8"), path.name)


def dashboards(catalogue: Catalogue) -> dict[str, Dashboard]:
    """The name of each file to its dashboard: one for each of the catalogue's."""
    boards = {name: kpi_board(name, catalogue)[0] for name in catalogue.dashboards}
    boards[overview.NAME] = overview.overview(catalogue)
    return {f"{name}.json": board for name, board in boards.items()}


def render(board: Dashboard) -> str:
    """The dashboard as text: sorted keys, a line a value, a final newline."""
    return json.dumps(board.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write every dashboard into ``grafana/dashboards``."""
    for name, board in dashboards(shipped_catalogue()).items():
        (FOLDER / name).write_text(render(board), encoding="utf-8")


if __name__ == "__main__":
    main()
