"""What `x-moot.recipe` makes of a declaration."""

from __future__ import annotations

from pathlib import Path

import pytest
from declaration import parsed

from moot.model.recipe import FirewallRule, Recipe, RecipeFile, RecipeUser
from moot.model.value import Ref, Secret, Text
from moot.passes.compose import recipe_use, templates
from moot.passes.compose.recipe_keys import LIBRARY
from moot.passes.parse import Content, Executable
from moot.providers.host.onhost import systemfiles
from moot.providers.host.onhost.templates import facts

SHIPPED = {str(path): path.read_bytes() for path in Path(recipe_use.FOLDER).iterdir()}


def recipe(text: str, top: str = "", **files: Content | str) -> Recipe:
    """The recipe of a component whose recipe reads so."""
    service = f"services: {{web: {{x-moot: {{process: run, recipe: {text}}}}}}}\n{top}"
    named = {name.replace("__", "/").replace("_", "."): content for name, content in files.items()}
    result = parsed({"compose.yaml": service, **named})
    assert result.app, result.diagnostics
    found = result.app.components[0].recipe
    assert found
    return found


def test_no_recipe_is_none() -> None:
    result = parsed({"compose.yaml": "services: {web: {image: x}}"})
    assert result.app
    assert result.app.components[0].recipe is None


def test_packages_and_users() -> None:
    found = recipe("{packages: [nginx, 'redis=5:7*'], users: [app, ops], scripts: {s: run}}")
    assert found.packages == ("nginx", "redis=5:7*")
    assert found.users == (RecipeUser(name="app"), RecipeUser(name="ops"))
    assert found.scripts[0].run == "run"


def test_a_file_by_its_path_keeps_that_it_may_be_executed() -> None:
    found = recipe("{files: {/usr/bin/x: ./x.sh}}", x_sh=Executable(b"#!/bin/sh\n"))
    assert found.files == (RecipeFile(path="/usr/bin/x", content="#!/bin/sh\n", mode="0755"),)


def test_a_folder_is_all_its_files() -> None:
    found = recipe("{files: {/etc/x: {source: ./d, mode: 0600}}}", d__a="1", d__b=b"\xff")
    assert found.files == (
        RecipeFile(path="/etc/x/a", content="1", mode="0600"),
        RecipeFile(path="/etc/x/b", content="/w==", encoding="base64", mode="0600"),
    )


def test_a_secret_is_in_the_file_by_its_name_only() -> None:
    found = recipe("{files: {/etc/p: {secret: p}}}", "secrets: {p: {file: ./p.txt}}", p_txt="x")
    (file,) = found.files
    assert isinstance(file.content, Secret)
    assert (file.content.name, file.mode) == ("p", "0600")


def test_content_and_scripts_keep_their_dollars() -> None:
    found = recipe("{files: {/etc/x: {content: 'a=${A}'}}, scripts: {s: {run: 'echo $A ${B}'}}}")
    assert found.files[0].content == "a=${A}"
    assert found.scripts[0].run == "echo $A ${B}"


def test_content_may_refer_to_a_resource() -> None:
    top = "x-moot: {resources: {pics: {type: aws.s3_bucket, venue: aws}}}"
    found = recipe("{files: {/etc/x: {content: 'b=${moot:pics.arn}'}}}", top)
    assert found.files[0].content == Text(("b=", Ref("shop@aws/resource/pics", "arn")))


def test_firewall() -> None:
    found = recipe("{firewall: [{allow: 80, from: 10.0.0.0/8}, {deny: 8000-8010/udp}]}")
    assert found.firewall == (
        FirewallRule(action="allow", port="80", sources=("10.0.0.0/8",)),
        FirewallRule(action="deny", port="8000-8010", protocol="udp"),
    )


def test_a_playbook_travels_with_its_folder() -> None:
    files = {"ans__site_yaml": "- hosts: all", "ans__roles__r__tasks__main_yaml": "[]"}
    found = recipe("{ansible: {playbook: ./ans/site.yaml, groups: web}}", **files)
    (project,) = found.projects
    assert (project.tool, project.entry, project.groups) == ("ansible", "site.yaml", ("web",))
    assert sorted(project.files) == ["roles/r/tasks/main.yaml", "site.yaml"]


def test_a_manifest_beside_the_declaration_travels_alone() -> None:
    found = recipe("{puppet: {manifest: ./site.pp, undo: ./gone.pp}}", site_pp="1", gone_pp="2")
    (project,) = found.projects
    assert (project.entry, project.undo) == ("site.pp", "gone.pp")
    assert sorted(project.files) == ["gone.pp", "site.pp"]


def test_a_recipe_of_ones_own_is_a_component_to_start_from() -> None:
    mine = """
    services:
      any:
        expose: ["80"]
        x-moot:
          process: serve
          recipe:
            packages: [a, b=1]
            files: {/etc/x: ./x}
    """
    files = {"mine/r.yaml": mine, "mine/x": "theirs"}
    own = "{use: ./mine/r.yaml, packages: [b=2, c], files: {/etc/y: {content: ours}}}"
    text = f"services: {{web: {{x-moot: {{recipe: {own}}}}}}}"
    result = parsed({"compose.yaml": text, **files})
    assert result.app, result.diagnostics
    web = result.app.components[0]
    assert web.process
    assert web.expose == (80,)
    assert web.recipe
    assert web.recipe.packages == ("a", "b=2", "c")
    assert [file.content for file in web.recipe.files] == ["theirs", "ours"]
    assert "use" not in str(result.canonical)


def test_a_recipe_that_uses_itself_is_an_error() -> None:
    mine = "services: {any: {x-moot: {process: x, recipe: {use: ./r.yaml}}}}"
    result = parsed({"compose.yaml": mine.replace("x, ", "y, "), "r.yaml": mine})
    assert "Recipe cycle" in [d.summary for d in result.diagnostics]


def test_the_library_is_what_ships() -> None:
    assert {Path(path).stem for path in SHIPPED if path.endswith(".yaml")} == set(LIBRARY)


@pytest.mark.parametrize("name", LIBRARY)
def test_every_recipe_of_the_library_is_all_that_a_component_needs(name: str) -> None:
    text = f"services: {{web: {{x-moot: {{recipe: {{use: {name}}}}}}}}}"
    result = parsed({"compose.yaml": text}, beside=SHIPPED)
    assert result.app, result.diagnostics
    component = result.app.components[0]
    assert component.process
    assert component.healthcheck
    assert component.recipe
    assert component.recipe.packages


TEMPLATE = "host = ${HOST_NAME}\nlog = ${LEVEL}\ndb = ${DB_HOST}:${DB_PORT_5432} $${OTHER} ${low}\n"
TWO = """\
services:
  web:
    environment: {LEVEL: info}
    depends_on: [db]
    x-moot:
      process: run
      recipe:
        files:
          /etc/shop.conf: {%s, template: true}
  db:
    x-moot: {process: postgres}
    expose: [5432]
"""


def test_a_template_may_name_variables_the_machine_and_what_it_connects_to() -> None:
    assert parsed({"compose.yaml": TWO % "source: ./t", "t": TEMPLATE}).diagnostics == ()


@pytest.mark.parametrize(
    ("text", "name", "line", "column"),
    [
        ("a\nb = ${LEVLE}\n", "LEVLE", 2, 5),
        ("${CACHE_HOST}", "CACHE_HOST", 1, 1),
        ("${DB_PORT_80}", "DB_PORT_80", 1, 1),
        ("$${A} ${B}", "B", 1, 7),
    ],
)
def test_a_name_in_a_template_that_nothing_stands_for_is_refused_at_its_line(
    text: str, name: str, line: int, column: int
) -> None:
    (told,) = parsed({"compose.yaml": TWO % "source: ./t", "t": text}).diagnostics
    assert told.detail == (
        f"Line {line} of the template for /etc/shop.conf names {name}, which is not set."
    )
    assert told.place and told.place.file.endswith("/t")
    assert (told.place.line, told.place.column) == (line, column)


def test_the_template_may_be_in_a_folder_or_in_the_declaration_itself() -> None:
    folder = parsed({"compose.yaml": TWO % "source: ./d", "d/a/t": "\n${NO}\n", "d/b": b"\xff"})
    (told,) = folder.diagnostics
    assert str(told.place).endswith("/d/a/t:2:1")
    (told,) = parsed({"compose.yaml": TWO % "content: 'x ${LEVELS}'"}).diagnostics
    assert told.remedy == "Did you mean 'LEVEL'?"
    assert str(told.place).endswith("compose.yaml:9:37")


def test_what_is_no_template_or_not_known_here_may_hold_anything() -> None:
    plain = TWO.replace(", template: true", "") % "source: ./t"
    assert parsed({"compose.yaml": plain, "t": "${NO}"}).diagnostics == ()
    top = "secrets: {s: {file: ./s}}\n"
    secret = parsed({"compose.yaml": TWO % "secret: s" + top, "s": "${NO}"})
    assert secret.diagnostics == ()


def test_names_are_read_here_as_they_are_filled_in_on_the_machine() -> None:
    assert set(templates.MACHINE) == set(facts("10.0.0.1"))
    assert templates.TEMPLATE.pattern == systemfiles.TEMPLATE
