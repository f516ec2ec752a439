"""The folder on an FTP server: one connection for each step, bounded in time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import aioftp
from pydantic import SecretStr

from services.channels.push.adapter import Unset, Unwell
from services.kit.errors import Invalid, Problem

_MISSING, _REFUSED = "550", ("530", "532", "553")
_BLOCK = 8192


class Ftp:
    """The folder on a server. Its errors name the server's code, never its words, the user, the password."""

    def __init__(self, url: str, password: SecretStr, timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("ftp", "ftps") or not parts.hostname:
            raise Invalid(
                "YUTIAN_UPPER_URL",
                "is no address of a folder",
                "write ftp://user@host/folder or file:///folder",
            )
        self.host = parts.hostname
        self.tls = parts.scheme == "ftps"
        self.port = parts.port or (990 if self.tls else 21)
        self.user = unquote(parts.username or "anonymous")
        self.password = password
        self.root = PurePosixPath(unquote(parts.path) or "/")
        self.timeout_s = timeout_s

    async def put(self, path: str, content: bytes) -> None:
        """Write a file, in place of one of that name."""
        async with self._connected() as client, client.upload_stream(self.root / path) as stream:
            await stream.write(content)

    async def rename(self, path: str, to: str) -> bool:
        """Give a file its name; return False when it is not there."""
        async with self._connected() as client:
            return await _found(client.rename(self.root / path, self.root / to))

    async def has(self, path: str) -> bool:
        """Tell whether there is such a file or folder."""
        async with self._connected() as client:
            return await client.exists(self.root / path)

    async def read(self, path: str, most: int) -> bytes | None:
        """Return a file, no more than one byte over so many; None when it is not there."""
        async with self._connected() as client:
            try:
                stream = await client.download_stream(self.root / path)
            except aioftp.StatusCodeError as error:
                if error.received_codes[-1].matches(_MISSING):
                    return None
                raise
            found = bytearray()
            while len(found) <= most and (block := await stream.read(_BLOCK)):
                found += block
            if len(found) > most:
                # What is left is not waited for.
                stream.close()
                client.close()
            else:
                await stream.finish()
            return bytes(found[: most + 1])

    async def remove(self, path: str) -> bool:
        """Remove a file; return False when it is not there."""
        async with self._connected() as client:
            return await _found(client.remove_file(self.root / path))

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[aioftp.Client]:
        client = aioftp.Client(ssl=self.tls or None, trust_server_pasv_ipv4_address=False)
        try:
            async with asyncio.timeout(self.timeout_s):
                await client.connect(self.host, self.port)
                await client.login(self.user, self.password.get_secret_value())
                yield client
                with contextlib.suppress(Exception):
                    await client.quit()
        except Problem:
            raise
        except TimeoutError:
            raise Unwell("the server of the platform above us does not answer in time") from None
        except aioftp.StatusCodeError as error:
            raise _problem(error) from None
        except (aioftp.AIOFTPException, OSError, EOFError, ValueError, IndexError) as error:
            kind = type(error).__name__
            raise Unwell(f"the server of the platform above us cannot be used: {kind}") from None
        finally:
            client.close()


async def _found(work: Awaitable[object]) -> bool:
    try:
        await work
    except aioftp.StatusCodeError as error:
        if error.received_codes[-1].matches(_MISSING):
            return False
        raise
    return True


def _problem(error: aioftp.StatusCodeError) -> Problem:
    code = str(error.received_codes[-1])
    said = f"the server of the platform above us answered {code}" if code.isdigit() else "it answers no code"
    return Unset(said, after=30) if code in (*_REFUSED, _MISSING) else Unwell(said)
