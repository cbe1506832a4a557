"""Which Docker Engine a venue means, and how it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from moot.model.value import JSON
from moot.provider import ProviderError

DEFAULT = "unix:///var/run/docker.sock"
SCHEMES = ("unix", "tcp", "http", "https", "ssh", "npipe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Address of an Engine.  `ca`, `cert` and `key` are files; TLS is spoken where `tls` says."""

    url: str
    tls: bool = False
    verify: bool = True
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    @property
    def local(self) -> bool:
        """Whether the Engine is on this machine: only then may paths be looked at from here."""
        return urlsplit(self.url).scheme in {"unix", "npipe"}


def endpoint(configuration: Mapping[str, JSON], environ: Mapping[str, str]) -> Endpoint:
    """The venue's own `host`, else DOCKER_HOST, else the current docker context, else the socket.

    Raises InvalidRequest for an address no Engine can have.
    """
    host = configuration.get("host")
    if host:
        return _checked(_configured(str(host), configuration.get("tls")))
    if environ.get("DOCKER_HOST"):
        return _checked(_from_environment(environ))
    return _checked(_from_context(environ) or Endpoint(url=DEFAULT))


def _configured(host: str, tls: JSON) -> Endpoint:
    if not tls:
        return Endpoint(url=host)
    given: Mapping[str, JSON] = tls if isinstance(tls, Mapping) else {}
    files = {name: _path(given.get(name)) for name in ("ca", "cert", "key")}
    return Endpoint(url=host, tls=True, verify=bool(given.get("verify", True)), **files)


def _from_environment(environ: Mapping[str, str]) -> Endpoint:
    host = environ["DOCKER_HOST"]
    folder = environ.get("DOCKER_CERT_PATH")
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if urlsplit(host).scheme != "tcp" or not (verify or folder):
        return Endpoint(url=host)
    certificates = Path(folder or Path(environ.get("HOME", "~")) / ".docker")
    files = {name: str(certificates / f"{name}.pem") for name in ("ca", "cert", "key")}
    return Endpoint(url=host, tls=True, verify=verify, **files)


def _from_context(environ: Mapping[str, str]) -> Endpoint | None:
    """The end point of `docker context use`, as the docker command would take it."""
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        name = environ.get("DOCKER_CONTEXT") or ContextAPI.get_current_context().Name
        context = None if name == "default" else ContextAPI.get_context(name)
    except (DockerException, OSError, ValueError):
        return None
    if context is None or not context.Host:
        return None
    config = context.TLSConfig
    if not config:
        return Endpoint(url=context.Host)
    cert, key = config.cert or (None, None)
    return Endpoint(
        url=context.Host,
        tls=True,
        verify=bool(config.verify),
        ca=config.ca_cert,
        cert=cert,
        key=key,
    )


def _checked(found: Endpoint) -> Endpoint:
    parts = urlsplit(found.url)
    if parts.scheme not in SCHEMES or not (parts.netloc or parts.path):
        raise ProviderError(
            "InvalidRequest",
            f"{found.url!r} is no address of a Docker Engine",
            remedy="write unix:///var/run/docker.sock, tcp://HOST:2376 or ssh://USER@HOST",
        )
    return found


def _path(given: JSON) -> str | None:
    return str(Path(str(given)).expanduser()) if given else None
