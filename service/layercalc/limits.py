"""How much one request may ask for, and what is kept between requests.

Every limit is a setting, `LAYERCALC_` and its name in capitals.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from typing import Any

from layercalc import deadline
from layercalc.environment import read, setting, whole


def limit(default: int, unit: str, what: str, *, least: int = 1, most: int | None = None) -> Any:
    """A limit: its default, the unit it is counted in, what it bounds, and the values that make sense."""
    return field(default=default, metadata={"unit": unit, "what": what, "parse": whole(least, most)})


@dataclass(frozen=True)
class Limits:
    """The limits of the service; the command line and Python have none of them."""

    max_body_bytes: int = limit(64 << 20, "bytes", "a request body, chunked ones too")
    max_read_seconds: int = limit(8, "seconds", "the time a body may take to arrive, beside what `min_read_rate` adds")
    min_read_rate: int = limit(
        16 << 10, "bytes per second", "the slowest client that is waited for: every so many bytes are a second more"
    )
    max_depth: int = limit(100, "levels", "lists and objects inside one another in a document", most=900)
    max_containers: int = limit(1_000_000, "brackets", "lists and objects in a document, by their opening brackets")
    max_strings: int = limit(2_000_000, "strings", "the texts and keys of a document in JSON")
    max_values: int = limit(5_000_000, "values", "the numbers, texts, lists and objects of a document in JSON")
    max_slow_json_bytes: int = limit(
        4 << 20, "bytes", "JSON that only Python's own, slower parser reads exactly: integers past 64 bits, 1e400"
    )
    max_layers: int = limit(20_000, "layers", "one model, layers of nested models and repeated uses included")
    max_code_characters: int = limit(1_000_000, "characters", "Keras code", most=10_000_000)
    max_code_tokens: int = limit(250_000, "tokens", "words, numbers and signs of Keras code, those in texts too")
    max_code_fields: int = limit(1_000, "fields", "the {…} of one f-string in Keras code", most=10_000)
    max_script_steps: int = limit(500_000, "steps", "following the code of a model: statements, expressions, items")
    max_script_bytes: int = limit(64 << 20, "bytes", "all values that following the code of a model builds")
    max_integer_digits: int = limit(300, "digits", "an integer in a document", most=300)
    max_name_length: int = limit(500, "characters", "a key or a name in a document, `outer/inner` too")
    max_parts: int = limit(10_000, "parts", "a multipart body, the members of an archive, the tensors of a file")
    max_errors: int = limit(50, "errors", "what one answer lists; the rest is counted")
    max_analysis_seconds: int = limit(6, "seconds", "a request that runs nothing: reading, analysis and report")
    max_candidates: int = limit(1_000_000, "candidates", "a sweep: the product of how many values its names take")
    max_words: int = limit(
        5_000, "combinations", "a sweep: of values that are no integers (words, truths, configs), each read by itself"
    )
    max_forward_flops: int = limit(
        200_000_000_000,
        "FLOPs",
        "one forward pass and the filling of its weights, known before it starts, in those of a large matrix product "
        "that takes as long",
    )
    max_forward_bytes: int = limit(
        2 << 30,
        "bytes",
        "weights, inputs, live activations, what kernels work in, and the answer of a forward pass",
    )
    max_forward_outputs: int = limit(4_000_000, "numbers", "the tensors in one answer, returned layers included")
    max_forward_steps: int = limit(1_000_000, "op calls", "one forward pass: a loop over time makes many")
    max_forward_seconds: int = limit(
        6, "seconds", "a request that runs a forward pass; looked at between layers and between the steps of a loop"
    )
    max_forward_passes: int = limit(2, "passes", "forward passes at a time in one process")
    max_hdf5_bytes: int = limit(
        0, "bytes", "the HDF5 in a posted `.keras` or `.h5` file, inflated; 0: HDF5 is not parsed at all", least=0
    )
    max_kept_bytes: int = limit(
        4 << 20, "bytes", "answers and layers kept in one process for requests to come; 0: none is", least=0
    )
    max_kept_answers: int = limit(1_000, "answers", "of those the answers; 0: none is kept", least=0)
    max_kept_layers: int = limit(
        10_000, "layers", "of those the layers, and as many of their readings; 0: none is kept", least=0
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Limits":
        """The limits as `LAYERCALC_…` says; SystemExit names a setting that makes no sense."""
        return read(cls, environment)

    def deadline(self, name: str) -> AbstractContextManager[None]:
        """What is done inside has so many seconds as the limit of that name says."""
        return deadline.within(getattr(self, name), setting(name))


def published(limits: Limits) -> list[dict[str, Any]]:
    """Every limit with its value, setting, unit and meaning."""
    return [
        {
            "name": one.name,
            "value": getattr(limits, one.name),
            "default": one.default,
            "unit": one.metadata["unit"],
            "setting": setting(one.name),
            "what": one.metadata["what"],
        }
        for one in fields(limits)
    ]


UNLIMITED = Limits(*(1 << 62 for _ in fields(Limits)))
