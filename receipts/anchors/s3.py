"""`s3:BUCKET/PREFIX?retain-days=…`: an object store whose object lock nobody lifts before the time, its owner included.

Names begin with what a size lacks to the largest one, so that the newest checkpoint is the first in the store's order
and found by one request, however many there are. Versions are listed, so that a marker of deletion hides nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from receipts.anchors.base import AnchorError
from receipts.signing.canonical import MAX_INTEGER

DEFAULT_RETENTION_DAYS = 7 * 365

_OPTIONS = frozenset({"region", "endpoint", "retain-days"})
_PLACE = re.compile(r"([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([A-Za-z0-9/_.-]{1,100})")
_LIMITS = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class S3Sink:
    """A bucket with object lock; also one of a store that speaks the same protocol."""

    bucket: str
    prefix: str
    retention: timedelta
    _client: Any = field(repr=False)

    @classmethod
    def from_uri(cls, uri: str) -> S3Sink:
        """Raises AnchorError. Credentials come from where the AWS library looks for them."""
        place, _, query = uri.partition(":")[2].partition("?")
        found, options = _PLACE.fullmatch(place), dict(parse_qsl(query))
        days = options.get("retain-days", str(DEFAULT_RETENTION_DAYS))
        if found is None or not set(options) <= _OPTIONS or not (days.isdigit() and 0 < int(days) < 100_000):
            raise AnchorError("Write s3:BUCKET/PREFIX?region=…&retain-days=….", permanent=True)
        try:
            client = boto3.client(
                "s3", region_name=options.get("region"), endpoint_url=options.get("endpoint"), config=_LIMITS
            )
        except (BotoCoreError, ValueError) as error:
            raise AnchorError(f"The object store can't be used ({type(error).__name__}).", permanent=True) from error
        return cls(found[1], found[2].strip("/"), timedelta(days=int(days)), client)

    def publish(self, note: bytes, *, tree_size: int, at: datetime) -> None:
        until = at + self.retention
        name = f"{self.prefix}/{MAX_INTEGER - tree_size:016d}-{tree_size}-{hashlib.sha256(note).hexdigest()[:16]}.note"
        self._call(
            "put_object",
            Key=name,
            Body=note,
            ContentType="text/plain; charset=utf-8",
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=until,
        )

    def newest(self) -> bytes | None:
        """The first object under the first name, whatever was put over it since.

        Whoever may delete puts a marker over an object, or another one: below that the locked one is still there.
        """
        name, oldest = "", ""
        for version in self._versions():
            if name and version["Key"] != name:
                break
            name, oldest = version["Key"], version["VersionId"]
        if not name:
            return None
        note: bytes = self._call("get_object", Key=name, VersionId=oldest)["Body"].read()
        return note

    def _versions(self) -> Iterator[Mapping[str, Any]]:
        """By name, of each name the newest first; without the markers of what was deleted."""
        marker: dict[str, str] = {}
        while True:
            page = self._call("list_object_versions", Prefix=f"{self.prefix}/", **marker)
            yield from page.get("Versions", [])
            if not page.get("IsTruncated"):
                return
            marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}

    def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._client, operation)(Bucket=self.bucket, **parameters)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            code = error.response.get("Error", {}).get("Code", "")
            is_final = status in (400, 403, 404) and "Time" not in code
            raise AnchorError(f"The object store answers {code[:60]}.", permanent=is_final) from error
        except BotoCoreError as error:
            raise AnchorError(f"The object store doesn't answer ({type(error).__name__}).") from error
