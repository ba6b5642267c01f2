"""Functions of the standard library that are plain Python: their text, which the interpreter follows."""

from layercalc.readers.script.modules.written import written

GROUPING = written("""
def groupby(iterable, key=None):
    keyfunc = (lambda x: x) if key is None else key
    iterator = iter(iterable)
    exhausted = False
    def grouper(target):
        nonlocal value, current, exhausted
        yield value
        for value in iterator:
            current = keyfunc(value)
            if current != target:
                return
            yield value
        exhausted = True
    try:
        value = next(iterator)
    except StopIteration:
        return
    current = keyfunc(value)
    while not exhausted:
        target = current
        group = grouper(target)
        yield current, group
        if current == target:
            for _ in group:
                pass
def compress(data, selectors):
    return (one for one, chosen in zip(data, selectors) if chosen)
def tee(iterable, n=2):
    items = list(iterable)
    return tuple(iter(items) for _ in range(n))
""")
ORDERING = written("""
def total_ordering(cls):
    def lt_gt(self, other):
        found = type(self).__lt__(self, other)
        return found if found is NotImplemented else not found and self != other
    def lt_le(self, other):
        found = type(self).__lt__(self, other)
        return found if found is NotImplemented else found or self == other
    def lt_ge(self, other):
        found = type(self).__lt__(self, other)
        return found if found is NotImplemented else not found
    def gt_lt(self, other):
        found = type(self).__gt__(self, other)
        return found if found is NotImplemented else not found and self != other
    def gt_ge(self, other):
        found = type(self).__gt__(self, other)
        return found if found is NotImplemented else found or self == other
    def gt_le(self, other):
        found = type(self).__gt__(self, other)
        return found if found is NotImplemented else not found
    if hasattr(cls, '__lt__'):
        more = {'__gt__': lt_gt, '__le__': lt_le, '__ge__': lt_ge}
    elif hasattr(cls, '__gt__'):
        more = {'__lt__': gt_lt, '__ge__': gt_ge, '__le__': gt_le}
    else:
        raise NotImplementedError('total_ordering of __le__ or __ge__ is not followed')
    for name, method in more.items():
        if not hasattr(cls, name):
            setattr(cls, name, method)
    return cls
def cmp_to_key(mycmp):
    class K:
        def __init__(self, obj):
            self.obj = obj
        def __lt__(self, other):
            return mycmp(self.obj, other.obj) < 0
        def __gt__(self, other):
            return mycmp(self.obj, other.obj) > 0
        def __eq__(self, other):
            return mycmp(self.obj, other.obj) == 0
    return K
def partialmethod(func, /, *first, **named):
    def method(self, /, *args, **kwargs):
        return func(self, *first, *args, **{**named, **kwargs})
    return method
""")
HEAPS = written("""
def heapify(x):
    for i in reversed(range(len(x) // 2)):
        _siftup(x, i)
def heappush(heap, item):
    heap.append(item)
    _siftdown(heap, 0, len(heap) - 1)
def heappop(heap):
    last = heap.pop()
    if heap:
        first = heap[0]
        heap[0] = last
        _siftup(heap, 0)
        return first
    return last
def heappushpop(heap, item):
    if heap and heap[0] < item:
        item, heap[0] = heap[0], item
        _siftup(heap, 0)
    return item
def heapreplace(heap, item):
    first = heap[0]
    heap[0] = item
    _siftup(heap, 0)
    return first
def _siftdown(heap, start, pos):
    item = heap[pos]
    while pos > start:
        parent = (pos - 1) >> 1
        if not item < heap[parent]:
            break
        heap[pos] = heap[parent]
        pos = parent
    heap[pos] = item
def _siftup(heap, pos):
    end, start, item = len(heap), pos, heap[pos]
    child = 2 * pos + 1
    while child < end:
        right = child + 1
        if right < end and not heap[child] < heap[right]:
            child = right
        heap[pos] = heap[child]
        pos = child
        child = 2 * pos + 1
    heap[pos] = item
    _siftdown(heap, start, pos)
def nlargest(n, iterable, key=None):
    return sorted(iterable, key=key, reverse=True)[:max(n, 0)]
def nsmallest(n, iterable, key=None):
    return sorted(iterable, key=key)[:max(n, 0)]
""")
BISECTION = written("""
def bisect_right(a, x, lo=0, hi=None, *, key=None):
    if lo < 0:
        raise ValueError('lo must be non-negative')
    hi = len(a) if hi is None else hi
    while lo < hi:
        mid = (lo + hi) // 2
        if x < (a[mid] if key is None else key(a[mid])):
            hi = mid
        else:
            lo = mid + 1
    return lo
def bisect_left(a, x, lo=0, hi=None, *, key=None):
    if lo < 0:
        raise ValueError('lo must be non-negative')
    hi = len(a) if hi is None else hi
    while lo < hi:
        mid = (lo + hi) // 2
        if (a[mid] if key is None else key(a[mid])) < x:
            lo = mid + 1
        else:
            hi = mid
    return lo
def insort_right(a, x, lo=0, hi=None, *, key=None):
    a.insert(bisect_right(a, x if key is None else key(x), lo, hi, key=key), x)
def insort_left(a, x, lo=0, hi=None, *, key=None):
    a.insert(bisect_left(a, x if key is None else key(x), lo, hi, key=key), x)
""")
BISECTION |= {"bisect": BISECTION["bisect_right"], "insort": BISECTION["insort_right"]}
OPERATIONS = written("""
def not_(a):
    return not a
def countOf(a, b):
    return sum(1 for one in a if one in (b,))
def indexOf(a, b):
    for i, one in enumerate(a):
        if one in (b,):
            return i
    raise ValueError('sequence.index(x): x not in sequence')
def setitem(a, b, c):
    a[b] = c
def delitem(a, b):
    del a[b]
def iadd(a, b):
    a += b
    return a
def isub(a, b):
    a -= b
    return a
def imul(a, b):
    a *= b
    return a
def concat(a, b):
    return a + b
iconcat = iadd
def methodcaller(name, /, *args, **kwargs):
    return lambda obj: getattr(obj, name)(*args, **kwargs)
""")
CONTEXTS = written("""
class ExitStack:
    def __init__(self):
        self._left = []
    def __enter__(self):
        return self
    def enter_context(self, cm):
        found = cm.__enter__()
        self._left.append(cm.__exit__)
        return found
    def callback(self, callback, /, *args, **kwargs):
        self._left.append(lambda *details: bool(callback(*args, **kwargs)) and False)
        return callback
    def push(self, exit):
        self._left.append(exit.__exit__ if hasattr(exit, '__exit__') else exit)
        return exit
    def close(self):
        self.__exit__(None, None, None)
    def __exit__(self, kind, value, traceback):
        swallowed = False
        while self._left:
            if self._left.pop()(kind, value, traceback):
                kind = value = traceback = None
                swallowed = True
        return swallowed
""")
