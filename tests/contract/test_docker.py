"""The Docker provider keeps the contract, on a real Engine with real containers."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from docker_trial import IMAGE, close, packed_busybox, trial

from moot.testing import conformance
from moot.testing.trial import Bench, Inapplicable

pytestmark = pytest.mark.docker
TRIAL = trial()


@pytest.fixture(scope="module")
def image(docker_host: str) -> Iterator[None]:
    """Made here, since no registry may be reached."""
    docker = pytest.importorskip("docker")
    packed = packed_busybox()
    if packed is None:
        pytest.skip("busybox is not installed: apt-get install busybox-static")
    client = docker.APIClient(base_url=docker_host, version="auto")
    repository, _, tag = IMAGE.partition(":")
    client.import_image_from_data(packed, repository, tag)
    yield
    client.remove_image(IMAGE, force=True)
    client.close()


@pytest.mark.parametrize(("check", "type"), conformance.cases(TRIAL))
def test_contract(check, type, image):
    try:
        with Bench(TRIAL) as bench, suppress(Inapplicable):
            check(bench, type)
    finally:
        close()
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"
