"""Tracing, metrics and logs, around bus, HTTP and database. The core calls these and does not know them."""

import contextlib
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Gauge, Histogram

log: structlog.stdlib.BoundLogger = structlog.get_logger()

HANDLED = Counter("yutian_messages_handled_total", "Messages handled", ["consumer", "result"])
PUBLISHED = Counter("yutian_messages_published_total", "Messages published by relays", ["house", "lane"])
WAITING = Gauge("yutian_outbox_waiting", "Outbox rows that the bus does not have yet", ["house"])
OLDEST = Gauge("yutian_outbox_oldest_seconds", "Age of the oldest waiting outbox row", ["house"])
REQUESTS = Histogram(
    "yutian_http_seconds", "HTTP requests, streams and long polls left out", ["route", "status"]
)

_tracer = trace.get_tracer("yutian")


def configure(service: str, level: str, otlp_endpoint: str) -> None:
    """Set up logs and traces for a process; call it once, at the door."""
    machine = not sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace,
            _bare_exception,
            structlog.processors.JSONRenderer() if machine else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.getLogger("nats").setLevel(logging.CRITICAL)
    if otlp_endpoint:
        provider = TracerProvider(resource=Resource.create({"service.name": f"yutian-{service}"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint)))
        trace.set_tracer_provider(provider)


def _bare_exception(_logger: Any, _name: str, event: Any) -> Any:
    """Say where and what kind, and neither the message nor any value: those may hold a number or a secret."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event["exception"] = "".join([*traceback.format_tb(error.__traceback__), type(error).__name__])
    return event


def _add_trace(_logger: Any, _name: str, event: Any) -> Any:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


@contextlib.contextmanager
def span(name: str, **attributes: str | int) -> Iterator[trace.Span]:
    """Run a stage of a warning as a span of its trace."""
    with _tracer.start_as_current_span(name, attributes=attributes) as current:
        yield current


@contextlib.contextmanager
def consuming(consumer: str, subject: str, headers: Mapping[str, str]) -> Iterator[None]:
    """Run the handling of a message as a span below the one that said it."""
    parent = propagate.extract(headers)
    name = consumer.removesuffix("-urgent").removesuffix("-routine")
    with _tracer.start_as_current_span(
        name, context=parent, kind=SpanKind.CONSUMER, attributes={"messaging.destination.name": subject}
    ):
        yield


@contextlib.contextmanager
def serving(name: str, headers: Mapping[str, str]) -> Iterator[None]:
    """Run a request as a span, below the caller's when it sent one."""
    with _tracer.start_as_current_span(name, context=propagate.extract(headers), kind=SpanKind.SERVER):
        yield


def carried() -> dict[str, str]:
    """Return the headers that carry the present trace on, for work that is done later."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers


@contextlib.contextmanager
def resumed(name: str, headers: Mapping[str, str]) -> Iterator[None]:
    """Run a stage as a span of the trace that was carried here."""
    with _tracer.start_as_current_span(name, context=propagate.extract(headers)):
        yield


def handled(consumer: str, result: str) -> None:
    """Count a message that a consumer is through with."""
    HANDLED.labels(consumer, result).inc()


def published(house: str, lane: str, count: int) -> None:
    """Count messages that a relay has published."""
    PUBLISHED.labels(house, lane).inc(count)
