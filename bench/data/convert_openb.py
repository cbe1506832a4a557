"""Writes the traces of openb as compressed text: needs pyarrow, which nothing else here does."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pyarrow.parquet as parquet

NODE = ("sn", "cpu_milli", "memory_mib", "gpu", "model")
POD = ("cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "gpu_spec")


def main(source: Path, target: Path) -> None:
    """The two lists of pods differ in `gpu_spec` only: `default` has none."""
    nodes = parquet.read_table(source / "openb_node_list_all_node.parquet").to_pylist()
    plain = parquet.read_table(source / "openb_pod_list_default.parquet").to_pylist()
    pods = parquet.read_table(source / "openb_pod_list_gpuspec33.parquet").to_pylist()
    for one, other in zip(plain, pods, strict=True):
        assert one == {**other, "gpu_spec": None}
    for name, keys, rows in (("nodes", NODE, nodes), ("pods", POD, pods)):
        lines = [",".join(keys), *(",".join(_cells(row, keys)) for row in rows)]
        text = "".join(f"{line}\n" for line in lines)
        (target / f"openb_{name}.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _cells(row: dict[str, object], keys: tuple[str, ...]) -> list[str]:
    return ["" if row[key] is None else str(row[key]) for key in keys]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
