"""A sweep carried out: blocks in their order, here or by an executor, and what is left of them."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from time import monotonic

from layercalc import deadline
from layercalc.capacity import COLUMN_BYTES as BYTES
from layercalc.document import opened
from layercalc.errors import Overdue
from layercalc.gc_pause import paused
from layercalc.sweeps.blocks import Answer, Question, Reader
from layercalc.sweeps.space import Block, Blocks

PROBE, FEWEST, MOST = 1 << 12, 1 << 6, 1 << 17  # candidates of the block that is measured, and of any
AHEAD = 4  # blocks that wait for each worker of an executor
WORKERS = 8  # of an executor that does not say how many it has

Progress = Callable[[int, int, str], None]


def blocks_of(reader: Reader) -> Blocks:
    """The blocks of a sweep, as large as memory allows by what a small one takes."""
    space = reader.question.space
    probe = Blocks(space, PROBE)
    if len(probe) == 1:
        return probe
    with paused():
        size = reader.read(probe[0]).size
    return Blocks(space, max(FEWEST, min(MOST, 3 * BYTES * size // (4 * max(reader.largest, 1)))))


def answers(question: Question, executor: Executor | None = None, progress: Progress | None = None) -> Iterator[Answer]:
    """What was found of each block, in their order."""
    reader = reader_of(question)
    blocks = blocks_of(reader)
    total, done = question.space.size, 0
    begin = monotonic()
    made = here(reader, blocks) if executor is None else afar(question, blocks, executor)
    for answer in told(made, total):
        done += answer.size
        if progress is not None:
            progress(done, total, f"{done:,} of {total:,} candidates")
        if done < total:
            in_time(done, total, begin)
        yield answer


def told(made: Iterator[Answer], total: int) -> Iterator[Answer]:
    """The answers; at the deadline it is said how many candidates were read by then."""
    done = 0
    try:
        for answer in made:
            done += answer.size
            yield answer
    except Overdue as error:
        detail = f"{error.every[0]['detail']} {done:,} of {total:,} candidates were read by then."
        raise Overdue([{"pointer": "/space", "detail": detail}]) from None


def reader_of(question: Question) -> Reader:
    """What reads blocks of a question, its document out of its file."""
    return Reader(question._replace(document=opened(question.document, question.path, question.limits)[0]))


def here(reader: Reader, blocks: Blocks) -> Iterator[Answer]:
    """The blocks read in this thread."""
    for block in blocks:
        with paused():
            answer = reader.read(block)
        yield answer


def afar(question: Question, blocks: Blocks, executor: Executor) -> Iterator[Answer]:
    """The blocks read by an executor, a few ahead of what is asked for."""
    waiting: deque[Future[Answer]] = deque()
    most = AHEAD * (getattr(executor, "_max_workers", None) or WORKERS)
    numbers = iter(blocks)
    try:
        for block in numbers:
            waiting.append(executor.submit(read_block, question, block))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for one in waiting:
            one.cancel()


def read_block(question: Question, block: Block) -> Answer:
    """One block, in a process that is sent it."""
    with paused():
        return reader_of(question).read(block)


def in_time(done: int, total: int, begin: float) -> None:
    """Overdue as soon as it is clear that the deadline will pass; `begin` is when the first block was begun."""
    limit = deadline.DEADLINE.get()
    if limit is None:
        return
    now = monotonic()
    whole = (begin - limit.begin) + (now - begin) * total / done  # seconds
    if whole > limit.seconds * (HOPE if limit.spent > EARLY else WILD_HOPE):
        fit = int((limit.seconds - (begin - limit.begin)) * done / (now - begin))
        detail = (
            f"{total:,} candidates would take about {whole:,.0f} s and the deadline is {limit.seconds:g} s "
            f"({limit.setting}): about {max(fit, 0):,} fit."
        )
        raise Overdue([{"pointer": "/space", "detail": detail}])


EARLY = 0.1  # of the time: a guess is rough before
HOPE, WILD_HOPE = 1.5, 4  # how much too long a guess may be
