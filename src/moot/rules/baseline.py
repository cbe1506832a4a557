"""The pack that every App gets: advice only, nothing is refused for it."""

from __future__ import annotations

from collections.abc import Iterator

from moot.model.finding import Finding, Rule, Subject


def no_latest_image(subject: Subject) -> Iterator[Finding]:
    """An image that is pulled should name a version, or two replicas may run different code."""
    if not subject.type.endswith(".image") or "build" in subject.properties:
        return
    image = subject.properties.get("image")
    if not isinstance(image, str) or "@" in image:
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if tag in {"", "latest"}:
        yield Finding(
            rule="no-latest-image",
            address=subject.address,
            problem=f"image {image!r} names no version, so two replicas may run different code",
            remedy="name a version or a digest",
        )


PACK: tuple[Rule, ...] = (no_latest_image,)
