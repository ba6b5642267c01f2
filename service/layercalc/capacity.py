"""The memory that one worker may come to hold by requests within the limits: a line for each thing that fills it.

It is the worst case, every thread at once with the most hostile document. The factors were measured with bodies made to
be the worst of their kind, see Sizing in deploy/README.md; tests/web/server/test_worker_memory.py holds a worker
against them.
"""

from typing import NamedTuple

from layercalc.limits import Limits
from layercalc.settings import Settings

BASE_BYTES = 128 << 20  # of a worker that has served for a while, with its recorded forms; 65 MiB when it starts
PER_BODY_BYTE = 36  # of a JSON body: a million empty objects in a list
PER_TEXT_BYTE = 12  # of a JSON body that is one text, in the widest characters, and wrong at its end
PER_CONTAINER, PER_STRING, PER_VALUE = 360, 170, 64  # bytes in JSON: objects of a key, keys of one object, floats
PER_CODE_TOKEN = 1_600  # Python's own syntax tree of `x=(a,a,a,…1)=1`
PER_LAYER_BYTES = 40 << 10  # Bidirectional(LSTM) with every convention and all explanations
COLUMN_BYTES = 160 << 20  # all columns that a sweep makes while it reads some of its candidates, a quarter of them held
ROW_BYTES = 1 << 25  # the rows of a sweep that are kept to the end, twice at most: they are counted as they double
SWEEP_BYTES = COLUMN_BYTES + 2 * ROW_BYTES
PER_OUTPUT_BYTES = 64  # a number in the answer: as an object, in its list, and as text


class Part(NamedTuple):
    """Something that a worker holds: how many at a time, and how many bytes each may have."""

    what: str
    times: int
    each: int


def parts(limits: Limits, settings: Settings) -> list[Part]:
    """All that a worker may hold at a time."""
    threads, passes = settings.threads, min(limits.max_forward_passes, settings.threads)
    return [
        Part("a worker that has served for a while, and what NumPy, h5py and its connections keep", 1, BASE_BYTES),
        Part("what is kept from one request to the next", 1, limits.max_kept_bytes),
        Part("a document in each thread, as it is parsed, read or reported", threads, document_bytes(limits)),
        Part("the HDF5 of a posted file, inflated, and a chunk of it", threads, 2 * limits.max_hdf5_bytes),
        Part("what a kernel holds beside its tensors", threads, settings.workspace_bytes),
        Part("the tensors of a forward pass", passes, limits.max_forward_bytes),
        Part(
            "the numbers of its answer, as objects and as text", passes, limits.max_forward_outputs * PER_OUTPUT_BYTES
        ),
    ]


def document_bytes(limits: Limits) -> int:
    """The most that a document comes to: one at a time is JSON, code, a report, or a sweep beside its document."""
    counted = limits.max_containers * PER_CONTAINER + limits.max_strings * PER_STRING + limits.max_values * PER_VALUE
    return max(
        min(limits.max_body_bytes * PER_BODY_BYTE, counted) + limits.max_body_bytes + SWEEP_BYTES,
        min(limits.max_body_bytes * PER_BODY_BYTE, counted + limits.max_body_bytes * PER_TEXT_BYTE),
        min(limits.max_code_tokens, limits.max_code_characters) * PER_CODE_TOKEN,
        limits.max_layers * PER_LAYER_BYTES,
    )


def worker_peak_bytes(limits: Limits, settings: Settings) -> int:
    """The most bytes that one worker may come to hold, models of LAYERCALC_MODELS aside."""
    return sum(part.times * part.each for part in parts(limits, settings))
