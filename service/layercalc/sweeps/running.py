"""A sweep carried out: blocks in their order, here or by an executor, and what is left of them."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future

from layercalc import deadline
from layercalc.document import opened
from layercalc.errors import Overdue
from layercalc.gc_pause import paused
from layercalc.sweeps.blocks import Answer, Question, Reader
from layercalc.sweeps.space import Block, Blocks

BYTES = 1 << 27  # of all columns that are made while one part of a block is read: about three times what it holds
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
    return Blocks(space, max(FEWEST, min(MOST, BYTES * size // max(reader.largest, 1))))


def answers(question: Question, executor: Executor | None = None, progress: Progress | None = None) -> Iterator[Answer]:
    """What was found of each block, in their order."""
    reader = reader_of(question)
    blocks = blocks_of(reader)
    total, done = question.space.size, 0
    made = here(reader, blocks) if executor is None else afar(question, blocks, executor)
    for answer in made:
        done += answer.size
        if progress is not None:
            progress(done, total, f"{done:,} of {total:,} candidates")
        if done < total:
            in_time(done, total)
        yield answer


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


def in_time(done: int, total: int) -> None:
    """Overdue as soon as it is clear that the deadline will pass."""
    limit = deadline.DEADLINE.get()
    if limit is None or limit.spent < EARLIEST:
        return
    if limit.spent * total > HOPE * done:
        seconds = limit.spent * limit.seconds * total / done
        fit = int(done / limit.spent)
        detail = (
            f"{total:,} candidates would take about {seconds:,.0f} s and the deadline is {limit.seconds:g} s "
            f"({limit.setting}): about {fit:,} fit."
        )
        raise Overdue([{"pointer": "/space", "detail": detail}])


EARLIEST, HOPE = 0.1, 1.5  # of the time: when to look ahead first, and how much too long a guess may be
