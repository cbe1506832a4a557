"""Logs: in order, with their time, over restarts and rotation, read and followed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from hostsite import Site, always, process, until


def test_streams_and_times_are_kept(site: Site) -> None:
    before = time.time()
    script = "echo out; sleep 0.1; echo err >&2; sleep 0.1; printf rest"
    item = site.wait(site.create(process(["sh", "-c", script])), "completed")
    lines = list(site.provider.logs(item, follow=False, tail=None, since=None, stop=bool))
    assert [(x.stream, x.text) for x in lines] == [
        ("stdout", "out"),
        ("stderr", "err"),
        ("stdout", "rest"),
    ]
    times = [line.at for line in lines]
    assert before <= times[0] <= times[1] <= times[2] <= time.time()


def test_tail_and_since(site: Site) -> None:
    script = "for i in 1 2 3; do echo $i; sleep 0.05; done"
    item = site.wait(site.create(process(["sh", "-c", script])), "completed")
    tail = list(site.provider.logs(item, follow=False, tail=2, since=None, stop=bool))
    assert [line.text for line in tail] == ["2", "3"]
    late = site.provider.logs(item, follow=False, tail=None, since=tail[1].at, stop=bool)
    assert [line.text for line in late] == ["3"]


def test_it_is_rotated_by_size(site: Site) -> None:
    script = "i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done"
    options = {"max_size": 2000, "max_files": 3}
    item = site.wait(site.create(process(["sh", "-c", script], logging=options)), "completed")
    files = sorted(Path(item.identifier).glob("log.*"))
    assert len(files) == 3
    assert all(file.stat().st_size <= 2000 for file in files)
    numbers = [int(text.split()[1]) for text in site.log(item)]
    assert numbers == list(range(numbers[0], 400))


def test_a_line_without_end_is_cut(site: Site) -> None:
    script = "import os; os.write(1, b'x' * 50000); os.write(1, b'x' * 50000 + b'\\n\\nend\\n')"
    item = site.wait(site.create(process(["python3", "-c", script])), "completed")
    lines = site.log(item)
    assert max(map(len, lines)) <= 16384
    assert lines[-2:] == ["", "end"]
    assert "".join(lines) == "x" * 100000 + "end"


def test_following_over_restarts_and_rotation_until_it_is_gone(site: Site) -> None:
    script = "i=0; while [ $i -lt 50 ]; do echo $$ $i; i=$((i+1)); sleep 0.001; done; exit 1"
    options = {"max_size": 4000, "max_files": 4}
    item = site.create(process(["sh", "-c", script], restart=always(), logging=options))
    found: list[str] = []

    def follow() -> None:
        lines = site.again().logs(item, follow=True, tail=None, since=None, stop=lambda: False)
        found.extend(line.text for line in lines)

    reader = threading.Thread(target=follow)
    reader.start()
    until(lambda: len({line.split()[0] for line in found}) >= 4)
    site.delete(item)
    reader.join(timeout=20)
    assert not reader.is_alive()
    runs: dict[str, list[int]] = {}
    for line in found:
        pid, number = line.split()
        runs.setdefault(pid, []).append(int(number))
    complete = list(runs.values())[:-1]
    assert all(numbers == list(range(50)) for numbers in complete)


def test_following_stops_when_told(site: Site) -> None:
    item = site.create(process(["sh", "-c", "echo up; exec sleep 100"]))
    until(lambda: site.log(item) == ["up"])
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 2

    lines = list(site.provider.logs(item, follow=True, tail=None, since=None, stop=stop))
    assert [line.text for line in lines] == ["up"]


def test_a_flood_does_not_keep_it_from_ending(site: Site) -> None:
    item = site.wait(site.create(process(["yes"])), "running")
    until(lambda: not Path(f"{item.identifier}/log.1").exists())
    site.delete(item)
    assert site.provider.read(item) is None
