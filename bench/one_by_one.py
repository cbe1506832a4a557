"""How schedulers place pod after pod as they come: the baselines of what is placed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bench.openb import Shape, Trace

Rest = tuple[int, int, tuple[int, ...]]  # millicpu, MiB, thousandths of each GPU
Rate = Callable[[Rest, Rest, Shape], float]  # full size, what is left, who comes: least is best


def first_fit(full: Rest, left: Rest, shape: Shape) -> float:
    """The first that has room."""
    return 0.0


def best_fit(full: Rest, left: Rest, shape: Shape) -> float:
    """The one that is left with least, each resource by the size of the machine."""
    return sum(_parts(left, full))


def dot_product(full: Rest, left: Rest, shape: Shape) -> float:
    """Where what is asked for points most where what is left points to."""
    asked = shape[0], shape[1], (shape[2] * shape[3],)
    return -sum(a * b for a, b in zip(_parts(asked, full), _parts(left, full), strict=True))


def dominant(full: Rest, left: Rest, shape: Shape) -> float:
    """Where the largest of the shares that it takes is least."""
    asked = shape[0], shape[1], (shape[2] * shape[3],)
    return max(_parts(asked, full))


RATES: Mapping[str, Rate] = {
    "first-fit": first_fit,
    "best-fit": best_fit,
    "dot-product": dot_product,
    "dominant-resource": dominant,
}


def one_by_one(trace: Trace, rate: Rate) -> int:
    """Thousandths of GPUs that are given out; machines that are alike are asked once."""
    groups: dict[tuple[str, Rest, Rest], list[int]] = {}
    for number, node in enumerate(trace.nodes):
        gpus = (1000,) * int(node["gpu"])
        rest = int(node["cpu_milli"]), int(node["memory_mib"]), gpus
        groups.setdefault((node["model"], rest, rest), []).append(number)
    given = 0
    for shape in trace.shapes:
        able = (
            (rate(full, rest, shape), members[0], model, full, rest)
            for (model, full, rest), members in groups.items()
            if (not shape[4] or model in shape[4].split("|")) and _takes(rest, shape)
        )
        best = min(able, default=None)
        if best is None:
            continue
        _, number, model, full, rest = best
        members = groups[model, full, rest]
        members.remove(number)
        if not members:
            del groups[model, full, rest]
        into = groups.setdefault((model, full, _less(rest, shape)), [])
        into.append(number)
        into.sort()
        given += shape[2] * shape[3]
    return given


def _takes(rest: Rest, shape: Shape) -> bool:
    cpu, memory_mib, gpus = rest
    if cpu < shape[0] or memory_mib < shape[1]:
        return False
    return not shape[2] or sum(left >= shape[3] for left in gpus) >= shape[2]


def _less(rest: Rest, shape: Shape) -> Rest:
    """The GPUs that it fits into most closely are taken."""
    gpus = [*rest[2]]
    for _ in range(shape[2]):
        able = [n for n, left in enumerate(gpus) if left >= shape[3]]
        gpus[min(able, key=lambda n: gpus[n])] -= shape[3]
    return rest[0] - shape[0], rest[1] - shape[1], tuple(sorted(gpus))


def _parts(some: Rest, full: Rest) -> Sequence[float]:
    sizes = full[0], full[1], 1000 * len(full[2])
    had = some[0], some[1], sum(some[2])
    return [part / size if size else 0.0 for part, size in zip(had, sizes, strict=True)]
