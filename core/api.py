"""The JSON routes beside the pages: health, models, predict. The same services, intake and limits as the pages.

Every error is `{"code", "message", "hint", "reference"}`; the reference also stands in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import ImmutableMultiDict, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import answers, catalog
from core.access import AccessRefused, Actor, acting_as
from core.api_lists import answer_profiles
from core.api_options import (
    Options,
    RequestError,
    coverage_of,
    limit_of_parts,
    list_options,
    reference,
    threshold_of,
)
from core.api_pictures import answer_image, answer_part
from core.api_tables import JSON_BYTES, Sent, answer_table, parse_columns, table_of_json
from core.api_texts import answer_sent, default_name, texts_of_json
from core.contracts import N_, Message
from core.errors import AppError, InputRefused, ModelRefused, StoreError
from core.intake.profiles import PROFILES_BYTES
from core.log import log_error
from core.settings import settings

Handler = Callable[[Request], Awaitable[Response]]
Work = Callable[[], dict[str, Any]]

_FRAMING_BYTES: Final = 64 * 1024
"""What multipart adds to a file."""
_BODY_SECONDS: Final = 60.0
"""A sender slower than this is cut off."""
_AT_ONCE: Final = 4
_WAITING_MAX: Final = 32
_HELD_MAX: Final = 512 * 2**20
"""Bytes of all bodies together that are being read or wait."""
_CALLER: Final = Actor("api", "viewer", "api")
"""Programs do not sign in; they may look, nothing more."""
_STATUS: Final[dict[type[AppError], int]] = {
    AccessRefused: 403,
    InputRefused: 422,
    StoreError: 404,
    ModelRefused: 503,
}


_FIELDS_MAX: Final = 20
"""Fields of a form: each column may be named in one."""


class _MemoryParser(MultiPartParser):
    """Keeps the whole part in memory: what a visitor sends never touches the disk. The size is bounded before."""

    spool_max_size = 2**62


def _answers_errors(handler: Handler) -> Handler:
    @wraps(handler)
    async def safe(request: Request) -> Response:
        try:
            return await handler(request)
        except AppError as error:
            status = error.status if isinstance(error, RequestError) else _STATUS.get(type(error), 500)
            return _problem(status, error, log_error(error, route=request.url.path.split("/")[2]))
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:  # noqa: BLE001 - the last door before the network; the log keeps the rest
            reference = log_error(error, route=request.url.path.split("/")[2])
            shown = AppError(
                "api.failed", N_("Something went wrong on our side."), N_("Try again; then pass on the reference.")
            )
            return _problem(500, shown, reference)

    return safe


def _problem(status: int, error: AppError, reference: str) -> JSONResponse:
    body = {"code": error.code, "message": str(error.message), "hint": str(error.hint), "reference": reference}
    return JSONResponse(body, status, headers={"Retry-After": "2"} if status == 503 else None)


@_answers_errors
async def health(_request: Request) -> Response:
    """Alive, how far the models are, and whether the store answers."""
    from core.serving import warmup
    from core.store.registry import registry

    def store_answers() -> bool:
        try:
            registry().store()
        except AppError:
            return False
        return True

    state = warmup.state()
    body = {
        "status": "ok",
        "models": state.stage,
        "models_seconds": round(state.seconds, 2),
        "store": "ok" if await anyio.to_thread.run_sync(store_answers) else "unavailable",
    }
    return JSONResponse(body)


@_answers_errors
async def models(request: Request) -> Response:
    """The versions of a sector, newest first, with what they measured."""
    slug = _sector(request)
    return JSONResponse(await anyio.to_thread.run_sync(_models_document, slug))


@_answers_errors
async def predict(request: Request) -> Response:
    """One file in (multipart field of any name, or the raw bytes), its answers out.

    Query: `model` (a reference as on the command line, default champion) and `name`; for images and texts `coverage`
    (0.5 to 0.999), for parts `false_alarm_rate` (0.0001 to 0.5) or `threshold`, for transactions and texts `threshold`
    (0 to 1) and `column` (role=name, may be given several times); for recommendations `k` (1 to 100), `diversity` and
    `novelty` (0 to 1). Given a threshold, no text that is read stays undecided. A form may hold them as fields as
    well, and what stands there counts. Transactions also come as JSON: `{"transactions": [{...}, ...], "columns":
    {"amount": "price"}}`, and texts: `{"texts": ["...", ...]}`. Users come as JSON alone, one or several:
    `{"liked": ["12", "7"], "removed": ["3"]}`, `{"profiles": [{...}, ...]}`.
    """
    slug = _sector(request)
    _same_origin(request)
    reads = catalog.sector(slug).reads
    limit = _body_limit(request, reads)
    with _LINE.place(_announced(request, limit)):
        work = await _READS[reads](request, slug, limit)
        return JSONResponse(await _LINE.run(work))


async def _images(request: Request, slug: str, limit: int) -> Work:
    coverage_of(request.query_params)  # before the body is read
    name, data, options = await _sent(request, "image", limit)
    ref, coverage = reference(options), coverage_of(options)

    def work() -> dict[str, Any]:
        with acting_as(_CALLER):
            return answer_image(slug, ref, coverage, name, data)

    return work


async def _parts(request: Request, slug: str, limit: int) -> Work:
    limit_of_parts(request.query_params)  # before the body is read
    name, data, options = await _sent(request, "image", limit)
    ref, asked = reference(options), limit_of_parts(options)

    def work() -> dict[str, Any]:
        with acting_as(_CALLER):
            return answer_part(slug, ref, asked, name, data)

    return work


async def _transactions(request: Request, slug: str, limit: int) -> Work:
    threshold_of(request.query_params), parse_columns(request.query_params.getlist("column"))  # before the body is read
    name, data, options = await _sent(request, "transactions.csv", limit)
    ref, threshold, columns = reference(options), threshold_of(options), parse_columns(options.getlist("column"))
    as_json = _is_json(request)

    def work() -> dict[str, Any]:
        sent = table_of_json(data) if as_json else Sent(name, data)
        with acting_as(_CALLER):
            return answer_table(slug, ref, threshold, Sent(name, sent.data, {**sent.columns, **columns}, sent.header))

    return work


async def _texts(request: Request, slug: str, limit: int) -> Work:
    query = request.query_params
    threshold_of(query), coverage_of(query), parse_columns(query.getlist("column"))  # before the body is read
    name, data, options = await _sent(request, default_name(request.headers.get("content-type", "")), limit)
    ref, columns = reference(options), parse_columns(options.getlist("column"))
    asked = {"coverage": coverage_of(options), "threshold": threshold_of(options)}
    as_json = _is_json(request)

    def work() -> dict[str, Any]:
        with acting_as(_CALLER):
            return answer_sent(slug, ref, texts_of_json(data) if as_json else Sent(name, data, columns), asked)

    return work


async def _interactions(request: Request, slug: str, limit: int) -> Work:
    list_options(request.query_params)  # before the body is read
    name, data, options = await _sent(request, "profile", limit)
    ref, asked = reference(options), list_options(options)

    def work() -> dict[str, Any]:
        with acting_as(_CALLER):
            return answer_profiles(slug, ref, asked, name, data)

    return work


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/json")


def _body_limit(request: Request, reads: str) -> int:
    """Bytes that a body may have, by what the sector reads and what is sent."""
    limits = settings().limits
    if reads in ("images", "parts"):
        return limits.image_bytes
    if reads == "interactions":
        return PROFILES_BYTES
    return min(JSON_BYTES, limits.table_bytes) if _is_json(request) else limits.table_bytes


_READS: Final[dict[str, Callable[[Request, str, int], Awaitable[Work]]]] = {
    "images": _images,
    "parts": _parts,
    "transactions": _transactions,
    "texts": _texts,
    "interactions": _interactions,
}
"""What a sector reads -> how a request for it is read; what comes back is done in a thread."""


class _Line:
    """At most `_AT_ONCE` predictions at a time; the rest waits its turn.

    A request gets its place before its body is read, and is turned away beyond `_WAITING_MAX` places or `_HELD_MAX`
    bytes.
    """

    def __init__(self) -> None:
        self._waiting = self._held = 0
        self._limiter: anyio.CapacityLimiter | None = None

    @contextmanager
    def place(self, size: int) -> Iterator[None]:
        """A place for a request whose body has up to `size` bytes, from reading it to its answer."""
        if self._waiting >= _WAITING_MAX or self._held + size > _HELD_MAX:
            raise RequestError(
                503, "api.busy", N_("Too many requests wait already."), N_("Try again in a few seconds.")
            )
        self._waiting, self._held = self._waiting + 1, self._held + size
        try:
            yield
        finally:
            self._waiting, self._held = self._waiting - 1, self._held - size

    async def run(self, work: Work) -> dict[str, Any]:
        self._limiter = self._limiter or anyio.CapacityLimiter(_AT_ONCE)
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)


_LINE: Final = _Line()


def _models_document(slug: str) -> dict[str, Any]:
    from core.serving.service import evaluation_of
    from core.store.registry import registry

    rows = []
    for version in registry().versions(slug):
        evaluation = evaluation_of(version)
        rows.append(
            {
                "version": version.ref,
                "name": version.name,
                "aliases": list(version.aliases),
                "architecture": version.manifest.get("architecture"),
                "created": version.created.isoformat(),
                "sha256": version.sha256,
                "metrics": answers.finite({key: metric.as_dict() for key, metric in evaluation.summary.items()})
                if evaluation
                else None,
            }
        )
    return {"sector": slug, "versions": rows}


def _sector(request: Request) -> str:
    slug = request.path_params["sector"]
    if slug not in {entry.slug for entry in catalog.SECTORS}:
        known = ", ".join(entry.slug for entry in catalog.SECTORS)
        raise RequestError(
            404, "api.unknown_sector", Message(N_("There is no such sector. There are: {known}."), {"known": known})
        )
    return str(slug)


def _same_origin(request: Request) -> None:
    """Pages of other sites may not spend this machine's time through a visitor's browser."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise RequestError(403, "api.cross_origin", N_("Requests from the pages of another site are not answered."))


async def _sent(request: Request, name: str, limit: int) -> tuple[str, bytes, Options]:
    """Name and bytes of the file that was sent, at most `limit` of them, and the options of query and form.

    `name` stands for a file that came without one.
    """
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _read_bounded(request, limit)
    except TimeoutError:
        raise RequestError(408, "api.too_slow", N_("The file did not arrive in time.")) from None
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        if not body and not _is_json(request):
            raise _no_file(N_("No file was sent."))
        return request.query_params.get("name", name), body, request.query_params
    try:
        form = await _MemoryParser(request.headers, _once(body), max_files=1, max_fields=_FIELDS_MAX).parse()
    except (MultiPartException, KeyError) as error:
        raise RequestError(400, "api.form", N_("The form cannot be read: send one file in it.")) from error
    try:
        fields = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
        options = ImmutableMultiDict([*request.query_params.multi_items(), *fields])
        for part in form.values():
            if isinstance(part, UploadFile):
                return part.filename or options.get("name", name), await part.read(), options
    finally:
        await form.close()
    raise _no_file(N_("The form holds no file."))


def _no_file(said: str) -> RequestError:
    return RequestError(400, "api.no_file", said, N_("Send a file: as a file field of a form, or as the raw body."))


def _announced(request: Request, limit: int) -> int:
    """Bytes that the body is said to have, else all that it may.

    Raises:
        RequestError: it is more than that.
    """
    said = request.headers.get("content-length", "")
    size = int(said) if said.isdecimal() and len(said) < 20 else limit + _FRAMING_BYTES
    if size > limit + _FRAMING_BYTES:
        raise _too_large(limit)
    return size


async def _read_bounded(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit + _FRAMING_BYTES:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> RequestError:
    return RequestError(
        413,
        "api.too_large",
        Message(N_("A file may have up to {limit_mb} MB here."), {"limit_mb": limit // 2**20}),
        N_("Send a smaller file."),
    )


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


ROUTES: Final = (
    Route("/api/health", health, methods=["GET"]),
    Route("/api/models/{sector}", models, methods=["GET"]),
    Route("/api/predict/{sector}", predict, methods=["POST"]),
)
