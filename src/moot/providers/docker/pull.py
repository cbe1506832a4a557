"""An image from a registry, pulled by the Engine with the user's own credentials."""

from __future__ import annotations

from typing import Any

from moot.provider import ErrorCode, ProviderError
from moot.providers.docker.client import Engine
from moot.providers.docker.jobs import Report

FINAL: tuple[ErrorCode, ...] = ("NotFound", "AccessDenied", "InvalidCredentials", "InvalidRequest")
SAID: tuple[tuple[ErrorCode, tuple[str, ...]], ...] = (
    ("NotFound", ("not found", "manifest unknown", "does not exist")),
    ("AccessDenied", ("denied", "unauthorized", "forbidden", "no basic auth credentials")),
    ("InvalidRequest", ("no matching manifest", "does not match the specified platform")),
    ("Throttling", ("toomanyrequests", "too many requests")),
    ("NetworkFailure", ("",)),
)


def pulled(engine: Engine, reference: str, platform: str, report: Report) -> str:
    """Pull and give the image's id.  The user's own `docker login` counts."""
    from docker.utils import parse_repository_tag

    repository, tag = parse_repository_tag(reference)
    layers: dict[str, tuple[int, int]] = {}

    def pull(client: Any) -> None:
        events = client.pull(
            repository, tag or "latest", stream=True, decode=True, platform=platform or None
        )
        problems: list[str] = []
        for event in events:  # to their end, for only that gives the connection back
            problems += [str(event["error"])] if "error" in event else []
            detail = event.get("progressDetail") or {}
            if event.get("id") and detail.get("total"):
                layers[event["id"]] = (int(detail["current"]), int(detail["total"]))
                whole = sum(total for _, total in layers.values())
                report(f"pulling {100 * sum(now for now, _ in layers.values()) // whole} %")
        if problems:
            raise _pull_failed(reference, problems[0])

    report(f"pulling {reference}")
    try:
        engine.call(f"image pull {reference}", pull)
    except ProviderError as error:
        if error.remedy:
            raise
        raise _pull_failed(reference, error.message, error.code) from None
    found = engine.call(f"image inspect {reference}", lambda c: c.inspect_image(reference))
    if tag and not tag.startswith("sha256:"):  # the Engine notes the time: the pull was today
        engine.call(f"image tag {reference}", lambda c: c.tag(found["Id"], repository, tag))
    return str(found["Id"])


def _pull_failed(
    reference: str, message: str, code: ErrorCode = "ServiceInternalError"
) -> ProviderError:
    """An Engine calls all that a registry says its own internal error, also what is final."""
    if code not in FINAL:
        said = message.lower()
        code = next(meant for meant, words in SAID if any(word in said for word in words))
    return ProviderError(
        code,
        f"could not pull {reference}: {message}",
        remedy="correct the image's name, log in (docker login), or give the component a 'build'",
    )
