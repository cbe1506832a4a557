"""The process in which the solver HiGHS runs: a programme a line, and a line for its answer."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

# Counts, so that the same programme has the same answer; the wall clock is the asker's.
MOST_PIVOTS, MOST_NODES = 200_000, 20
CLOSE_ENOUGH = 2e-3  # to the best there is, where amounts must be whole


def main() -> None:
    """Until there are no more lines."""
    highspy: Any = import_module("highspy")
    for line in sys.stdin:
        print(json.dumps(_answer(highspy, json.loads(line))), flush=True)  # noqa: T201  (the answer)


def _answer(highspy: Any, asked: Any) -> Any:
    """None where it found nothing."""
    highs = highspy.Highs()
    options = {
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "simplex_iteration_limit": MOST_PIVOTS,
        "mip_max_nodes": MOST_NODES,
        "mip_rel_gap": CLOSE_ENOUGH,
        "time_limit": asked["seconds"],
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(_model(highspy, asked))
    highs.run()
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    solution = highs.getSolution()
    return {"amounts": list(solution.col_value), "prices": list(solution.row_dual)}


def _model(highspy: Any, asked: Any) -> Any:
    wanted, columns = asked["wanted"], asked["columns"]
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = len(wanted), len(columns)
    model.row_lower_ = [float(want) for want in wanted]
    model.row_upper_ = [highspy.kHighsInf] * len(wanted)
    model.col_cost_ = [float(cost) for cost, _ in columns]
    model.col_lower_ = list(map(float, asked["least"])) or [0.0] * len(columns)
    model.col_upper_ = list(map(float, asked["most"])) or [highspy.kHighsInf] * len(columns)
    starts, rows, values = [0], list[int](), list[float]()
    for _, parts in columns:
        rows += [row for row, _ in parts]
        values += [float(has) for _, has in parts]
        starts.append(len(rows))
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kColwise
    matrix.start_, matrix.index_, matrix.value_ = starts, rows, values
    if asked["whole"]:
        model.integrality_ = [highspy.HighsVarType.kInteger] * len(columns)
    return model


if __name__ == "__main__":
    main()
