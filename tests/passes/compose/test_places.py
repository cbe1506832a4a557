"""Where what decides where a component can run stands in the file."""

from __future__ import annotations

from moot.passes.parse import Sources, parse

FILE = "/app/compose.yaml"
TEXT = """\
name: shop
services:
  db:
    image: db
    gpus:
      - count: 1
    volumes:
      - data:/data
    mem_reservation: 1G
    scale: 2
    x-moot:
      isolation: container
      segmentation:
        required
  web:
    image: web
    deploy:
      replicas: 2
      resources: {reservations: {cpus: "2", memory: 1G}}
volumes: {data: {}}
x-moot:
  residency:
    - eu
  spread: {zone: 1,
    host: 2}
"""


def test_every_aspect_has_the_place_of_its_key() -> None:
    contents = {FILE: TEXT.encode(), "/app/.env": None}
    sources = Sources(files=(FILE,), contents=contents, folder="/app")
    parsed = parse(sources, {}, lambda _: "")
    app = parsed.app
    assert app is not None, parsed.diagnostics
    db, web = app.components
    assert {aspect: place.line for aspect, place in db.places.items()} == {
        "replicas": 10,
        "memory": 9,
        "trait": 5,
        "gpus": 5,
        "volumes": 7,
        "isolation": 12,
        "segmentation": 13,
    }
    assert {aspect: (place.line, place.column) for aspect, place in web.places.items()} == {
        "replicas": (18, 7),
        "cpu": (19, 34),
        "memory": (19, 45),
    }
    places = app.policy.places
    assert [places[key].line for key in ("residency", "spread", "spread.host")] == [22, 24, 25]
