"""`python -m moot.testing.world --seed N` tells one story again, `--seeds M` many new ones."""

from __future__ import annotations

import argparse
import sys

from moot.testing.world.story import Misfortune, Story


def main(argv: list[str]) -> int:
    """1 where a story ends badly; its chronicle is written to stdout where it is asked for."""
    parser = argparse.ArgumentParser(prog="python -m moot.testing.world", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other")
    parser.add_argument("--rate", type=float, default=0.1, help="how often a step goes wrong")
    parser.add_argument("--chapters", type=int, default=12)
    parser.add_argument("--chronicle", action="store_true", help="write down all that happens")
    options = parser.parse_args(argv)
    bad = 0
    for seed in range(options.seed, options.seed + options.seeds):
        story = Story(seed, options.rate, options.chapters)
        try:
            story.tell()
        except Misfortune as misfortune:
            bad += 1
            _say(f"BAD  {misfortune}")
        if options.chronicle:
            _say("\n".join(map(str, story.world.chronicle or ())))
        _say(f"seed {seed}: {story.world.events} events, digest {story.world.digest()}")
    return int(bad > 0)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
