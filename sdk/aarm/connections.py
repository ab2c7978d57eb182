"""Which client a guard uses when: the caller's own, a kept one, or a short-lived one for another key."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext

from aarm.client import Address, AsyncClient, Client, resolve_address


class Connections:
    """Nothing is resolved before the first use, so that a guard can be made at import time, before AARM_URL is set."""

    def __init__(self, client: Client | None, *, async_client: AsyncClient | None) -> None:
        self._client = client
        self._async_client = async_client

    def blocking(self, key: str | None = None) -> AbstractContextManager[Client]:
        """The guard's own client, kept open, or with `key` one that closes with the context."""
        if key is not None:
            return Client(self._address.url, key, timeout_seconds=self._address.timeout_seconds)
        if self._client is None:
            self._client = Client(self._address.url, self._address.key, timeout_seconds=self._address.timeout_seconds)
        return nullcontext(self._client)

    def asynchronous(self, key: str | None = None) -> AbstractAsyncContextManager[AsyncClient]:
        """The caller's asyncio client, or one for this context: a kept one would belong to one event loop."""
        if key is None and self._async_client is not None:
            return nullcontext(self._async_client)
        here = self._address
        return AsyncClient(here.url, key or here.key, timeout_seconds=here.timeout_seconds)

    @property
    def _address(self) -> Address:
        known = self._client or self._async_client
        return known.address if known is not None else resolve_address()
