"""Where AWS's API is, and who we are there: clients of its services, with credentials as every AWS tool finds them.

A client never retries by itself: whether and when to ask again is the caller's decision, who pauses reading meanwhile.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from streamsim.engine.ports import SourceError
from streamsim.streams.aws.errors import outside, source_error

#: The region of endpoints that are not AWS's own where none is configured: what they answer is the same in each.
_ANY_REGION: Final = "us-east-1"

#: Credentials for endpoints that are not AWS's own where none are configured: they must be there, and nobody checks them.
_ANYBODY: Final = ("streamsim", "streamsim")

#: Credentials that only machines at AWS have, and for which other machines wait in vain.
_OF_MACHINES: Final = ("iam-role", "container-role")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`url` None is AWS itself; `region` and `profile` None are what the user's configuration says.

    `patience` is how many seconds an answer may take.
    """

    url: str | None = None
    region: str | None = None
    profile: str | None = None
    patience: float = 10.0

    @property
    def at(self) -> str:
        """Where that is, in words."""
        return self.url or "AWS"

    @property
    def foreign(self) -> bool:
        """Whether it is somebody else's than AWS's."""
        if self.url is None:
            return False
        host = urlsplit(self.url).hostname or ""
        return not host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))


@asynccontextmanager
async def client_of(endpoint: Endpoint, service: str) -> AsyncIterator[Any]:
    """A client of aiobotocore, closed in the end. `SourceError` when none can be made."""
    try:
        from aiobotocore.config import AioConfig  # noqa: PLC0415  # only for who connects
        from aiobotocore.session import AioSession  # noqa: PLC0415
    except ImportError:
        raise SourceError(
            f"{service} needs aiobotocore, which is not installed",
            retryable=False,
            hint="pip install 'streamsim[aws]'",
        ) from None
    config = AioConfig(
        connect_timeout=endpoint.patience,
        read_timeout=endpoint.patience,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=1000,
        s3={"addressing_style": "path"} if endpoint.foreign else None,  # no names in front of theirs
    )
    try:
        session = AioSession(profile=endpoint.profile)
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        client = await _context(session, endpoint, service, config).__aenter__()
    except outside() as error:
        raise source_error(error, endpoint.at, starting=True) from error
    try:
        yield client
    finally:
        await client.close()


@cache
def _loader(path: str | None) -> Any:
    """What reads the descriptions of services, and keeps them: that takes longer than all the rest of a client."""
    from botocore.loaders import create_loader  # noqa: PLC0415  # aiobotocore brings it

    return create_loader(path)


def _context(session: Any, endpoint: Endpoint, service: str, config: Any) -> Any:
    chosen: dict[str, Any] = {"region_name": endpoint.region, "endpoint_url": endpoint.url, "config": config}
    if endpoint.foreign:
        resolver = session.get_component("credential_provider")
        for name in _OF_MACHINES:
            resolver.remove(name)
        chosen["region_name"] = endpoint.region or session.get_config_variable("region") or _ANY_REGION
        if not _configured(session):
            chosen["aws_access_key_id"], chosen["aws_secret_access_key"] = _ANYBODY
    return session.create_client(service, **chosen)


def _configured(session: Any) -> bool:
    """Whether the environment or a file has credentials: what is left of the chain is asked without waiting."""
    from botocore.session import Session  # noqa: PLC0415  # aiobotocore brings it

    plain = Session(profile=session.profile)
    resolver = plain.get_component("credential_provider")
    for name in _OF_MACHINES:
        resolver.remove(name)
    logging.getLogger("botocore.credentials").setLevel(logging.WARNING)
    return resolver.load_credentials() is not None
