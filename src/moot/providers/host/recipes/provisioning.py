"""Turn the recipes of a share into Resources: one of each thing for a component and machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace

from moot.model.app import Component
from moot.model.placement import Share, component_of
from moot.model.recipe import Recipe, RecipeFile, RecipeProject, RecipeScript
from moot.model.resource import Edge, Resource
from moot.model.value import Ref, Secret, Value, canonical, unknowns

TOOLS = {"ansible": "ansible-core", "puppet": "puppet"}  # the packages they come in
QUIET = {"check", "undo", "repeatable"}  # what a replica does not notice


def provisioned(share: Share, resources: Iterable[Resource]) -> Iterator[Resource]:
    """What the recipes of a share ask for, and its other resources standing on that."""
    recipes = _Recipes(share)
    yield from recipes.resources()
    for resource in resources:
        yield recipes.under(resource) if resource.main else resource


class _Recipes:
    """The recipes of the components that run on this machine.

    Each stage stands on the one before it; a component's replicas stand on all of them.  Rules of
    all components are one table, so that an App has one on a machine.
    """

    def __init__(self, share: Share) -> None:
        self.share = share
        here = dict.fromkeys(run.component for run in share.runs)
        self.components = [c for name in here if (c := share.component(name)).recipe]
        self._made = {c.name: tuple(self._provision(c)) for c in self.components}
        self._rules = self._firewall()

    def resources(self) -> Iterator[Resource]:
        for made in self._made.values():
            yield from made
        if self._rules:
            yield self._rules

    def under(self, replica: Resource) -> Resource:
        """A replica as it is with its recipe: it waits for it, and another one means a restart."""
        component = component_of(replica.address)
        made = self._made.get(component)
        if made is None:
            return replica
        recipe = self.share.component(component).recipe
        rules = (self._rules,) if self._rules and recipe and recipe.firewall else ()
        return replace(
            replica,
            properties={**replica.properties, "recipe": _revision(made)},
            edges=(*replica.edges, *(Edge(resource.address) for resource in (*made, *rules))),
        )

    def _provision(self, component: Component) -> Iterator[Resource]:
        recipe = component.recipe
        assert recipe is not None
        before: tuple[Edge, ...] = ()
        for stage in self._stages(component, recipe):
            made = [
                Resource(
                    address=self._address(component, kind, name),
                    type=f"host.{kind}",
                    venue=self.share.venue,
                    properties=properties,
                    edges=before,
                )
                for kind, name, properties in stage
            ]
            yield from made
            before = tuple(Edge(resource.address) for resource in made) or before

    def _stages(
        self, component: Component, recipe: Recipe
    ) -> Iterator[list[tuple[str, str, Mapping[str, Value]]]]:
        """(kind, name, properties) of things that may be made side by side."""
        tools = {TOOLS[project.tool] for project in recipe.projects}
        if packages := sorted({*recipe.packages, *tools}):
            yield [("package", "", {"names": packages})]
        yield [
            ("user", user.name, {**asdict(user), "groups": list(user.groups), "present": True})
            for user in recipe.users
        ]
        environment = self.share.environment.get(component.name, component.environment)
        yield [("file", file.path, _file(file, environment)) for file in recipe.files]
        for script in recipe.scripts:
            yield [("script", script.name, _script(script, environment))]
        for project in recipe.projects:
            yield [(project.tool, project.entry, _project(project, environment))]

    def _firewall(self) -> Resource | None:
        rules = [
            {
                "action": rule.action,
                "port": rule.port,
                "protocol": rule.protocol,
                "from": list(rule.sources),
            }
            for component in self.components
            for rule in (component.recipe or Recipe()).firewall
        ]
        if not rules:
            return None
        stages = (r for made in self._made.values() for r in made if r.type == "host.package")
        return Resource(
            address=f"{self.share.app.name}@{self.share.venue}/recipe/firewall",
            type="host.firewall",
            venue=self.share.venue,
            properties={"rules": rules, "table": "loaded"},
            edges=tuple(Edge(resource.address) for resource in stages),
        )

    def _address(self, component: Component, kind: str, name: str) -> str:
        """`shop/web@lab:h1/recipe/file/etc/shop.conf`."""
        owner = f"{self.share.app.name}/{component.name}@{self.share.venue}/recipe/{kind}"
        return f"{owner}/{name.lstrip('/')}" if name else owner


def _revision(made: Iterable[Resource]) -> list[Value]:
    """Tells one recipe from another.  Values that are not known yet are in it as they are."""
    told = [{k: v for k, v in r.properties.items() if k not in QUIET} for r in made]
    refs = {u: None for t in told for u in unknowns(t) if isinstance(u, Ref)}
    return [hashlib.sha256(canonical(told).encode()).hexdigest()[:16], *refs]


def _named(text: str, environment: Mapping[str, Value]) -> dict[str, Value]:
    """The variables that a text names, and no more: what it does not name cannot change it."""
    words = set(re.findall(r"\w+", text))
    return {name: value for name, value in environment.items() if name in words}


def _surroundings(texts: str, environment: Mapping[str, Value]) -> dict[str, Value]:
    """What something that is run is told, and which of it no message may show."""
    named = _named(texts, environment)
    secret = [k for k, v in named.items() if any(isinstance(u, Secret) for u in unknowns(v))]
    return {"environment": named, "secret_variables": secret}


def _file(file: RecipeFile, environment: Mapping[str, Value]) -> dict[str, Value]:
    text = str(file.content) if file.template else ""
    return {
        "path": file.path,
        "content": file.content,
        "encoding": file.encoding,
        "template": file.template,
        "environment": _named(text, environment),
        "owner": file.owner,
        "group": file.group,
        "mode": file.mode,
        "contents": "as given",
    }


def _script(script: RecipeScript, environment: Mapping[str, Value]) -> dict[str, Value]:
    texts = " ".join(filter(None, (script.run, script.check, script.undo)))
    return {
        "title": f"script {script.name!r}",
        "run": script.run,
        "check": script.check,
        "undo": script.undo,
        "repeatable": script.repeatable,
        **_surroundings(texts, environment),
        "outcome": "done",
    }


def _project(project: RecipeProject, environment: Mapping[str, Value]) -> dict[str, Value]:
    texts = " ".join(f.content for f in project.files.values() if f.encoding == "utf-8")
    return {
        "entry": project.entry,
        "undo": project.undo,
        "groups": list(project.groups),
        "files": {name: asdict(file) for name, file in project.files.items()},
        "variables": dict(project.variables),
        **_surroundings(texts, environment),
        "outcome": "done",
    }
