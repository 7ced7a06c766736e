"""Objects in any S3 server, through the ``minio`` client.

The client is synchronous; a bounded pool of threads, each with a connection kept open, carries more puts a second
than the asynchronous clients do.
"""

import asyncio
import io
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from storage.keys import check_key
from storage.objects import ObjectMissing, StoreUnavailable

_T = TypeVar("_T")
_THREADS = 16
_TIMEOUT = urllib3.Timeout(connect=3, read=20)  # seconds
_RETRIES = urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504))
_ONE_PART = 64 * 1024 * 1024  # larger than any photo: each is written by one request
_PIECE = 1 << 20
_ALREADY_THERE = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


class S3Store:
    """An ``ObjectStore`` in one bucket of the server at ``endpoint`` (``host[:port]``).

    ``public_endpoint`` (``https://host[:port]``) is where citizens' browsers reach the same bucket; without it
    ``signed_url`` gives None and our API serves the bytes.
    """

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        bucket: str,
        *,
        region: str = "us-east-1",
        tls: bool = True,
        public_endpoint: str | None = None,
    ) -> None:
        self._where = f"the S3 server {endpoint}"
        self._bucket = bucket
        self._region = region
        self._http = urllib3.PoolManager(maxsize=_THREADS, timeout=_TIMEOUT, retries=_RETRIES)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3-store")
        self._client = Minio(endpoint, access_key, secret_key, secure=tls, region=region, http_client=self._http)
        self._public: Minio | None = None
        if public_endpoint:
            scheme, _, host = public_endpoint.rstrip("/").partition("://")
            self._public = Minio(host, access_key, secret_key, secure=scheme == "https", region=region)

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        check_key(key)
        await self._run(lambda: self._put(key, data, content_type))

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        check_key(key)
        await self._run(
            lambda: self._client.fput_object(
                self._bucket, key, str(path), content_type=content_type, part_size=_ONE_PART
            )
        )

    async def get(self, key: str) -> bytes:
        check_key(key)
        return await self._run(lambda: self._get(key))

    async def pieces(self, key: str, start: int = 0) -> AsyncIterator[bytes]:
        check_key(key)
        response = await self._run(lambda: self._client.get_object(self._bucket, key, offset=start))
        try:
            while piece := await self._run(lambda: response.read(_PIECE)):
                yield piece
        finally:
            response.close()
            response.release_conn()

    async def delete(self, keys: Sequence[str]) -> None:
        objects = [DeleteObject(check_key(key)) for key in keys]
        await self._run(lambda: self._delete(objects))

    async def signed_url(self, key: str, lifetime: timedelta) -> str | None:
        check_key(key)
        if self._public is None:
            return None
        # Signing needs no request: the region is given.
        return self._public.presigned_get_object(self._bucket, key, expires=lifetime)

    async def check(self) -> None:
        key, data = f"check/{uuid4().hex}", os.urandom(16)
        await self._run(lambda: self._probe(key, data))

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._http.clear()

    def _put(self, key: str, data: bytes, content_type: str) -> None:
        self._client.put_object(
            self._bucket, key, io.BytesIO(data), len(data), content_type=content_type, part_size=_ONE_PART
        )

    def _get(self, key: str) -> bytes:
        response = self._client.get_object(self._bucket, key)
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    def _delete(self, objects: list[DeleteObject]) -> None:
        for error in self._client.remove_objects(self._bucket, objects):
            if error.code != "NoSuchKey":
                raise StoreUnavailable(f"{self._where} did not delete an object ({error.code})")

    def _probe(self, key: str, data: bytes) -> None:
        """Keys that may write but not list or create are enough: the bucket is only made when it is missing."""
        try:
            self._put(key, data, "application/octet-stream")
        except S3Error as error:
            if error.code != "NoSuchBucket":
                raise
            self._make_bucket()
            self._put(key, data, "application/octet-stream")
        if self._get(key) != data:
            raise StoreUnavailable(f"{self._where} gives back other bytes than were written")
        self._delete([DeleteObject(key)])

    def _make_bucket(self) -> None:
        try:
            self._client.make_bucket(self._bucket, location=self._region)
        except S3Error as error:  # another process of ours was faster
            if error.code not in _ALREADY_THERE:
                raise

    async def _run(self, work: Callable[[], _T]) -> _T:
        """``work`` in a thread. Messages name the server and its answer's code alone: requests carry keys."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except S3Error as error:
            if error.code == "NoSuchKey":
                raise ObjectMissing(error.object_name or "") from None
            raise StoreUnavailable(f"{self._where}, bucket {self._bucket}, refused: {error.code}") from None
        except (MinioException, ValueError) as error:
            raise StoreUnavailable(f"{self._where} cannot be used as configured ({type(error).__name__})") from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise StoreUnavailable(f"{self._where} does not answer ({type(reason).__name__})") from None
