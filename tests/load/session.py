"""A visitor without a browser: Streamlit's WebSocket, spoken with Streamlit's own protobuf classes."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import time
import urllib.request
import uuid
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Exception_pb2 import Exception as Exception_
from streamlit.proto.FileUploader_pb2 import FileUploader
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_SUPERSEDED = ForwardMsg.FINISHED_EARLY_FOR_RERUN
_GOOD = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class RunFailed(Exception):
    """The script ended with an error, or the server closed the connection before it ended."""


def xsrf_token(address: str) -> str:
    """The token that the server hands out with its health page; empty when XSRF protection is off."""
    with urllib.request.urlopen(f"{address}/_stcore/health", timeout=10) as answer:
        for cookie in answer.headers.get_all("set-cookie") or []:
            if cookie.startswith("_streamlit_xsrf="):
                return str(cookie.split(";")[0].split("=", 1)[1])
    return ""


@dataclass
class Session:
    """One open tab. Use it as an asynchronous context manager.

    Args:
        address: Such as `http://127.0.0.1:8501`.
        page: Path of a page, empty for the home page.
        query: Query string without the question mark.
        locale: What the browser would report.
        timeout_s: Longest wait for one run of the script.
        cookies: Further cookies, such as the one of a sign-in.
    """

    address: str
    page: str = ""
    query: str = ""
    locale: str = "en-US"
    timeout_s: float = 60.0
    cookies: str = ""
    """What the browser would send besides the token, as in the header."""
    elements: dict[tuple[int, ...], tuple[str, Any]] = field(default_factory=dict)
    """What the page shows, by place: kind of element and its protobuf message."""
    received_bytes: int = 0
    _widgets: WidgetStates = field(default_factory=WidgetStates)
    _page_hash: str = ""
    _session_id: str = ""
    _token: str = ""
    _ended: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    _urls: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self._token = await asyncio.to_thread(xsrf_token, self.address)
        self._socket: ClientConnection = await connect(
            f"{self.address.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=["streamlit", self._token or "none"],  # type: ignore[list-item]  # plain strings go over the wire
            additional_headers={"Origin": self.address, "Cookie": f"_streamlit_xsrf={self._token}; {self.cookies}"},
            max_size=None,
            open_timeout=self.timeout_s,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader  # an error of the reader's own must not stay unseen

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                message = ForwardMsg()
                message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
                self.received_bytes += len(frame)
                self._take(message)
        except ConnectionClosed:
            pass
        finally:
            self._ended.put_nowait(-1)

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._session_id = message.new_session.initialize.session_id or self._session_id
            self._page_hash = message.new_session.page_script_hash or self._page_hash
            self.elements.clear()
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash or self._page_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            name = element.WhichOneof("type")
            if name is not None:
                self.elements[tuple(message.metadata.delta_path)] = (name, getattr(element, name))
        elif kind == "file_urls_response":
            waiting = self._urls.pop(message.file_urls_response.response_id, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message.file_urls_response)
        elif kind == "script_finished":
            self._ended.put_nowait(message.script_finished)

    async def rerun(self, states: WidgetStates | None = None) -> float:
        """Run the page's script with the present (or these) widget values; returns the seconds it took.

        Raises:
            RunFailed: The script showed an error, did not compile, or the connection closed.
            TimeoutError: No end within `timeout_s`.
        """
        message = BackMsg()
        run = message.rerun_script
        run.query_string = self.query
        run.page_script_hash = self._page_hash
        if not self._page_hash:
            run.page_name = self.page
        run.context_info.locale = self.locale
        run.context_info.timezone = "UTC"
        run.context_info.color_scheme = "light"
        run.context_info.url = f"{self.address}/{self.page}"
        run.widget_states.CopyFrom(self._widgets if states is None else states)
        while not self._ended.empty():
            if self._ended.get_nowait() == -1:
                raise RunFailed("the connection is closed")
        began = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(self.timeout_s):
            while (status := await self._ended.get()) == _SUPERSEDED:
                pass
        seconds = time.perf_counter() - began
        if status not in _GOOD or self.errors():
            raise RunFailed(f"status {status}: {'; '.join(self.errors()) or 'no error shown'}")
        return seconds

    def errors(self) -> list[str]:
        """Texts of the exceptions and the red boxes that the page shows; an unhandled error becomes one of the two."""
        shown = [element for _, element in self.elements.values()]
        boxes = [element.body for element in shown if isinstance(element, Alert) and element.format == Alert.ERROR]
        return boxes + [f"{element.type}: {element.message}" for element in shown if isinstance(element, Exception_)]

    def texts(self) -> list[str]:
        """Everything that the page says, in no particular order."""
        values = (
            getattr(e, name, None) for _, e in self.elements.values() for name in ("body", "text", "value", "label")
        )
        return [value for value in values if isinstance(value, str) and value]

    def find(self, kind: str, name: str = "") -> Any:
        """The first element of this kind with this label, or this widget key; without a name, the first of all.

        Raises:
            LookupError: There is none; the message lists the labels there are.
        """
        found = [element for shown, element in self.elements.values() if shown == kind]
        for element in found:
            if not name or element.label == name or element.id.endswith(f"-{name}"):
                return element
        raise LookupError(f"no {kind} {name!r} among {[element.label for element in found]}")

    def keep(self, widget_id: str) -> WidgetState:
        """The value that this session sends for a widget from now on; set a field of it."""
        states: list[WidgetState] = [state for state in self._widgets.widgets if state.id == widget_id]
        kept: WidgetState = states[0] if states else self._widgets.widgets.add(id=widget_id)
        return kept

    async def click(self, name: str) -> float:
        """Press the button with this label or key and wait for the answer; seconds, and errors as in `rerun`."""
        states = WidgetStates()
        states.CopyFrom(self._widgets)
        states.widgets.add(id=self.find("button", name).id, trigger_value=True)
        return await self.rerun(states)

    async def send_file(self, name: str, content: bytes) -> int:
        """Put a file where the browser would; returns the HTTP status. The page is not told; see `upload`."""
        return (await self._send_file(name, content))[0]

    async def upload(self, uploader: FileUploader, name: str, content: bytes) -> float:
        """Send a file through an uploader and wait for the answer; seconds, and errors as in `rerun`."""
        status, urls = await self._send_file(name, content)
        if status >= http.client.MULTIPLE_CHOICES:
            raise RunFailed(f"the upload was answered with {status}")
        files = self.keep(uploader.id).file_uploader_state_value
        del files.uploaded_file_info[:]
        info = files.uploaded_file_info.add(name=name, size=len(content), file_id=urls.file_id)
        info.file_urls.CopyFrom(urls)
        return await self.rerun()

    async def _send_file(self, name: str, content: bytes) -> tuple[int, Any]:
        message = BackMsg()
        request = message.file_urls_request
        request.request_id, request.session_id = uuid.uuid4().hex, self._session_id
        request.file_names.append(name)
        waiting = self._urls[request.request_id] = asyncio.get_running_loop().create_future()
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(self.timeout_s):
            urls = (await waiting).file_urls[0]
        return await asyncio.to_thread(self._put, urls.upload_url, name, content), urls

    def _put(self, url: str, name: str, content: bytes) -> int:
        mark = uuid.uuid4().hex
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        headers = {
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "Origin": self.address,
            "Cookie": f"_streamlit_xsrf={self._token}",
            "X-Xsrftoken": self._token,
        }
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=self.timeout_s)
        try:
            connection.request("PUT", url, head.encode() + content + f"\r\n--{mark}--\r\n".encode(), headers)
            return connection.getresponse().status
        finally:
            connection.close()
