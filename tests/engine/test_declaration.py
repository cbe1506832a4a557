"""declare: a revision where the declaration is new, and no cost where it is not."""

from __future__ import annotations

from pathlib import Path

from workshop import Workshop

from moot.engine.declaration import declare


def test_what_it_was_made_from_is_gathered_only_where_it_is_new(tmp_path: Path):
    shop = Workshop(tmp_path)
    gathered: list[str] = []

    def sources(name: str) -> bytes:
        gathered.append(name)
        return name.encode()

    for name in ("a", "a", "b", "b", "a"):
        declare(shop.journal(), {"name": name, "services": {}}, lambda n=name: sources(n))
    assert gathered == ["a", "b", "a"]
    kept = [(r.number, r.sources) for r in shop.store.revisions("shop")]
    assert kept == [(1, b"a"), (2, b"b"), (3, b"a")]
