"""What a command is: its name, what it takes, and what its help teaches.

Plain classes on purpose: `moot --help` is served from these and from nothing else, and importing
`dataclasses` alone would take a third of the time it may cost.
"""

from __future__ import annotations


class Option:
    """One option.  Without a `metavar` it is a switch.

    `completes` is what its value is: "file", "folder", or a kind of `moot __complete`.
    """

    __slots__ = ("completes", "flags", "help", "metavar", "repeat")

    def __init__(
        self,
        flags: str,
        help: str,
        metavar: str = "",
        repeat: bool = False,
        completes: str = "",
    ) -> None:
        self.flags = flags.split()
        self.help = help
        self.metavar = metavar
        self.repeat = repeat
        self.completes = completes

    @property
    def name(self) -> str:
        """Its long flag without dashes; how a command asks for it."""
        return self.flags[-1].lstrip("-")


class Argument:
    """One positional argument.  `arity` is "1", "?" (one or none), "*" (any) or "+" (some).

    `choices` is all it may be, where that is fixed.
    """

    __slots__ = ("arity", "choices", "completes", "help", "name")

    def __init__(
        self,
        name: str,
        help: str,
        arity: str = "1",
        completes: str = "",
        choices: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.help = help
        self.arity = arity
        self.completes = completes
        self.choices = choices

    @property
    def usage(self) -> str:
        """How it stands in a usage line."""
        return {"1": "{}", "?": "[{}]", "*": "[{}...]", "+": "{}..."}[self.arity].format(self.name)


class Command:
    """One command.  `run` names the function that carries it out, as module:function.

    `answers` lists what --json prints beside the envelope: a field, and after a colon the fields
    of its entries.  `rest`: nothing from the second argument on is ours to interpret (`exec`).
    """

    __slots__ = (
        "answers",
        "arguments",
        "example",
        "exits",
        "help",
        "name",
        "options",
        "rest",
        "run",
        "teach",
    )

    def __init__(
        self,
        name: str,
        run: str,
        help: str,
        teach: str,
        example: str,
        answers: tuple[str, ...] = (),
        arguments: tuple[Argument, ...] = (),
        options: tuple[Option, ...] = (),
        exits: tuple[int, ...] = (0, 1, 2),
        rest: bool = False,
    ) -> None:
        self.name = name
        self.run = run
        self.help = help
        self.teach = teach
        self.example = example
        self.answers = answers
        self.arguments = arguments
        self.options = options
        self.exits = exits
        self.rest = rest

    @property
    def usage(self) -> str:
        """Its usage line."""
        options = ["[options]"] if self.options else []
        return " ".join(["moot", self.name, *options, *(a.usage for a in self.arguments)])
