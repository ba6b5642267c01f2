"""How the service runs: every setting that is no limit, `LAYERCALC_` and its name in capitals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from layercalc.environment import Parser, read, setting, whole


def one_of(*known: str) -> Parser:
    """One word of several, in any case."""

    def parse(text: str) -> str:
        if text.lower() not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return text.lower()

    return parse


def path(is_there: Callable[[Path], bool], noun: str) -> Parser:
    """The path of something that has to be there."""

    def parse(text: str) -> Path:
        if not is_there(Path(text)):
            raise ValueError(f"{noun} that is there")
        return Path(text)

    return parse


def listed(text: str) -> tuple[str, ...]:
    """Words with commas between them."""
    return tuple(word for word in (one.strip() for one in text.split(",")) if word)


def origins(text: str) -> tuple[str, ...]:
    """Origins as browsers send them, or `*`."""
    found = listed(text)
    for one in found:
        scheme, _, host = one.partition("://")
        if one != "*" and (not host or scheme not in ("http", "https") or set(host) & set("/?#@* ")):
            raise ValueError(
                f"origins such as https://app.example.org with commas between them, or * ({one!r} is none)"
            )
    return found


def addresses(text: str) -> str:
    """What gunicorn binds to."""
    for one in listed(text):
        port = one.rpartition("]")[2].rpartition(":")[2]
        plain = not one.startswith(("unix:", "fd:")) and ":" in one.rpartition("]")[2]
        if plain and not (port.isascii() and port.isdecimal() and int(port[:6]) < 1 << 16):
            raise ValueError("host:port with a port from 0 to 65535, or unix:path")
    return text


def rate(text: str) -> str:
    """Rates as Flask-Limiter writes them."""
    import limits

    try:
        limits.parse_many(text)
    except ValueError:
        raise ValueError("rates such as 100/minute or 10/second;5000/day") from None
    return text


def storage(text: str) -> str:
    """Where hits are counted."""
    if text.partition("://")[0] not in ("memory", "redis", "rediss", "redis+unix", "redis+sentinel", "redis+cluster"):
        raise ValueError("memory:// or the address of a Redis, such as redis://127.0.0.1:6379/0")
    return text


def option(default: Any, parse: Parser, form: str, what: str) -> Any:
    """A setting: its default, how its text is read, the form it is written in, and what it does."""
    return field(default=default, metadata={"parse": parse, "form": form, "what": what})


@dataclass(frozen=True)
class Settings:
    """The settings of a service. An empty text is as good as none."""

    # where
    bind: str = option(
        "127.0.0.1:8000", addresses, "address", "where to listen: `host:port` or `unix:path`, several with commas"
    )
    models: Path | None = option(
        None, path(Path.is_dir, "a folder"), "folder", "a folder whose models are served by name at `/v2`"
    )
    page: int = option(
        1, whole(0, 1), "0 or 1", "the page at `/` for browsers; 0: `/` is the list of routes for everybody"
    )
    # processes
    workers: int = option(1, whole(1, 1000), "integer", "processes; each takes its share of the cores for BLAS")
    threads: int = option(4, whole(1, 1000), "integer", "requests at a time in one process")
    workspace_bytes: int = option(
        64 << 20,
        whole(0),
        "bytes",
        "what a kernel may hold beside its tensors in each thread (columns, Winograd's tiles); a report's "
        "`memory.workspace_bytes` says what a network needs of it",
    )
    max_requests: int = option(
        50_000, whole(0), "integer", "requests after which a process makes room for a new one, give or take; 0: never"
    )
    worker_timeout_seconds: int = option(
        120, whole(1), "seconds", "a process that shows no sign of life for that long is replaced"
    )
    keepalive_seconds: int = option(
        75, whole(0), "seconds", "an idle connection is kept that long; longer than the proxy in front keeps it"
    )
    drain_seconds: int = option(
        0,
        whole(0),
        "seconds",
        "after SIGTERM: how long to go on accepting, with `/readyz` at 503, till no traffic comes",
    )
    graceful_seconds: int = option(30, whole(1), "seconds", "after that: how long the requests under way have to end")
    # access
    api_keys_file: Path | None = option(
        None,
        path(Path.is_file, "a file"),
        "file",
        "API keys, one a line as `layercalc key NAME` prints it; without it nobody needs one. SIGHUP reads it again",
    )
    rate_limit: str = option(
        "", rate, "rates", "requests allowed to one API key, or to one address where there is no key: `100/minute`"
    )
    rate_limit_storage: str = option(
        "memory://",
        storage,
        "address",
        "where they are counted: `memory://` for one process, `redis://host:6379` for many",
    )
    cors_origins: tuple[str, ...] = option(
        (), origins, "list", "origins whose pages may call the service, with commas between them; `*`: any"
    )
    trusted_proxies: int = option(
        0,
        whole(0, 100),
        "integer",
        "proxies in front that set `X-Forwarded-For` and `X-Forwarded-Proto`; 0: these are ignored",
    )
    hsts_seconds: int = option(0, whole(0), "seconds", "`Strict-Transport-Security` with that `max-age`; 0: not sent")
    # what it tells
    log_format: str = option("console", one_of("console", "json"), "word", "`console` for people, `json` for machines")
    log_level: str = option(
        "info",
        one_of("debug", "info", "warning", "error"),
        "word",
        "`debug`, `info`, `warning` or `error`; probes are logged at `debug`",
    )
    metrics_dir: Path | None = option(
        None,
        Path,
        "folder",
        "where the processes put their counts for `/metrics`; one in `/dev/shm` or `/tmp` unless given",
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """The settings as `LAYERCALC_…` says; SystemExit names one that makes no sense."""
        return read(cls, environment)


def documented() -> list[dict[str, str]]:
    """Every setting with its default, form and meaning."""
    return [
        {
            "name": one.name,
            "setting": setting(one.name),
            "default": "" if one.default in (None, ()) else str(one.default),
            "form": one.metadata["form"],
            "what": one.metadata["what"],
        }
        for one in fields(Settings)
    ]
