"""The only way to the Engine: connects when first needed, names failures, traces every call."""

from __future__ import annotations

import atexit
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from moot.model.value import JSON
from moot.provider import Env, ErrorCode, ProviderError
from moot.providers.docker.endpoint import Endpoint, endpoint
from moot.providers.docker.tunnel import Tunnel

T = TypeVar("T")
Client = Any  # docker.APIClient, which may not be installed; its stubs lag behind it

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0
POOL_SIZE = 32  # connections kept open; the engine's threads share one client

CODES: Mapping[int, ErrorCode] = {
    400: "InvalidRequest",
    401: "InvalidCredentials",
    403: "AccessDenied",
    404: "NotFound",
    409: "ResourceConflict",
    501: "InvalidRequest",
    503: "ServiceInternalError",
}
# What the Engine reports as an internal error although trying again cannot help.
LASTING = ("OCI runtime", "failed to create shim", "invalid mount config", "error while mounting")


class Engine:
    """One Docker Engine.  `call` is safe from several threads at once."""

    def __init__(self, venue: str, configuration: Mapping[str, JSON], env: Env) -> None:
        self.venue = venue
        self.env = env
        self._configuration = configuration
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._tunnel: Tunnel | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where the Engine is; raises InvalidRequest for an impossible address."""
        _need_sdk()
        return endpoint(self._configuration, self.env.environ)

    @property
    def ssh_options(self) -> tuple[str, ...]:
        """Further words for `ssh`, where the Engine is behind it."""
        return tuple(map(str, self._configuration.get("ssh_options") or ()))

    def call(self, line: str, function: Callable[[Client], T]) -> T:
        """`function` with the connected client; `line` says in the trace what it does.

        Raises ProviderError and nothing else for what the Engine or the network does.
        """
        started = time.monotonic()
        outcome = "ok"
        try:
            return function(self.client())
        except ProviderError as error:
            outcome = str(error)
            raise
        except Exception as error:
            failure = provider_error(error, self.venue, self.endpoint.url)
            outcome = str(failure)
            raise failure from error
        finally:
            took_ms = (time.monotonic() - started) * 1000
            self.env.trace(self.venue, f"docker {line}: {outcome} ({took_ms:.0f} ms)")

    def post(self, path: str, body: JSON, image: str = "") -> JSON:
        """POST for what the SDK cannot express in full; `path` begins after the version.

        Where it makes the Engine pull an `image`, the user's own `docker login` counts.
        """

        def send(client: Client) -> JSON:
            url = f"{client.base_url}/v{client.api_version}{path}"
            headers = _login(client, image) if image else {}
            response = client.post(url, json=body, headers=headers, timeout=client.timeout)
            client._raise_for_status(response)
            return response.json() if response.content else None

        return self.call(f"POST {path}", send)

    @property
    def api(self) -> tuple[int, int]:
        """The API version agreed on, such as (1, 41)."""
        major, _, minor = self.client().api_version.partition(".")
        return int(major), int(minor)

    def client(self) -> Client:
        """The SDK's client, connected.  Raises ProviderError, or what the SDK raises."""
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            elif self._tunnel:
                self._tunnel.url()  # opened again under the same address, had it broken
            return self._client

    def close(self) -> None:
        """Give up all connections."""
        with self._lock:
            if self._client:
                self._client.close()
            if self._tunnel:
                self._tunnel.close()
            self._client = self._tunnel = None

    def _connect(self) -> Client:
        from docker.tls import TLSConfig

        where = self.endpoint
        url = where.url
        if url.startswith("ssh://"):
            self._tunnel = Tunnel(url, self.ssh_options, CONNECT_TIMEOUT_S)
            atexit.register(self._tunnel.close)
            url = self._tunnel.url()
        if url.startswith("unix://"):
            _knock(url.removeprefix("unix://"))
        pair = (where.cert, where.key) if where.cert and where.key else None
        tls = TLSConfig(client_cert=pair, ca_cert=where.ca, verify=where.verify)
        client: Client = _client_class()(
            base_url=url,
            version="auto",
            timeout=int(CONNECT_TIMEOUT_S),
            tls=tls if where.tls else False,
            max_pool_size=POOL_SIZE,
        )
        client.timeout = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        return client


def _login(client: Client, image: str) -> Mapping[str, str | bytes]:
    from docker import auth

    registry, _ = auth.resolve_repository_name(image)
    header = auth.get_config_header(client, registry)
    return {"X-Registry-Auth": header} if header else {}


def _knock(path: str) -> None:
    """Raise OSError where nobody listens; the SDK would leave a socket open behind its failure."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(CONNECT_TIMEOUT_S)
        door.connect(path)


def _client_class() -> type[Client]:
    """The SDK's client, deaf to what its HTTP library takes from the environment.

    REQUESTS_CA_BUNDLE would win over the Engine's own CA.
    """
    from docker import APIClient

    class Deaf(APIClient):
        # The library sets it in its constructor, where the first request is made already.
        trust_env = property(  # pyright: ignore[reportAssignmentType]
            lambda self: False, lambda self, value: None
        )

    return Deaf


def provider_error(error: Exception, venue: str, url: str) -> ProviderError:
    """What went wrong between us and the Engine, in the contract's words."""
    import requests.exceptions as http
    from docker import errors

    match error:
        case errors.APIError():
            return _api_error(error)
        case errors.TLSParameterError():
            return ProviderError(
                "InvalidRequest", str(error), remedy=f"correct 'tls' of the venue {venue}"
            )
        case http.ReadTimeout():
            return ProviderError("ServiceTimeout", "the Docker Engine did not answer in time")
        case errors.DockerException() | http.RequestException() | OSError():
            return _unreachable(error, venue, url)
        case _:
            return ProviderError("GeneralServiceException", f"{type(error).__name__}: {error}")


def _api_error(error: Any) -> ProviderError:
    status = error.status_code or 500
    message = str(error.explanation or error)
    code = CODES.get(status, "ServiceInternalError")
    remedy = ""
    if status == 409 and ("is already in use by" in message or "already exists" in message):
        code = "AlreadyExists"
    elif "is in use by" in message:  # what a swarm says of its networks, configs and secrets
        code = "ResourceConflict"
    elif "port is already allocated" in message or "address already in use" in message:
        code, remedy = "ResourceConflict", "publish another port, or end what listens on it"
    elif "non-overlapping IPv4" in message or "fully subnetted" in message:
        code, remedy = "ServiceLimitExceeded", "remove unused networks: docker network prune"
    elif "no space left" in message:
        code, remedy = "ServiceLimitExceeded", "make room on the Engine's disk: docker system df"
    elif status >= 500 and any(text in message for text in LASTING):
        code = "GeneralServiceException"
    return ProviderError(code, message, remedy=remedy)


def _unreachable(error: Exception, venue: str, url: str) -> ProviderError:
    causes = list(_causes(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return ProviderError(
            "AccessDenied",
            "this user may not use the Docker Engine's socket",
            remedy="join its group (sudo usermod -aG docker $USER, then log in again) or use sudo",
        )
    return ProviderError(
        "NetworkFailure",
        f"the Docker Engine at {url} does not answer: "
        f"{getattr(causes[-1], 'strerror', None) or causes[-1]}",
        remedy=f"start it (sudo systemctl start docker), or correct 'host' of the venue {venue} "
        "or DOCKER_HOST",
    )


def _causes(error: BaseException) -> list[BaseException]:
    """The exception and everything it was made from; urllib3 hides the cause among arguments."""
    found: list[BaseException] = []
    queue: list[BaseException] = [error]
    while queue:
        current = queue.pop(0)
        found.append(current)
        reason = getattr(current, "reason", None)
        nested = [current.__cause__ or current.__context__, reason, *current.args]
        queue += [n for n in nested if isinstance(n, BaseException) and n not in found]
    return found


def _need_sdk() -> None:
    try:
        import docker  # noqa: F401 - only whether it is there
    except ImportError:
        raise ProviderError(
            "InvalidRequest",
            "the Python package 'docker' is not installed",
            remedy="pip install 'moot[docker]'",
        ) from None
