"""Containers of the standard library that are plain Python: their text, which the interpreter follows."""

from layercalc.readers.script.modules.written import written

DEQUE = written("""
class deque:
    def __init__(self, iterable=(), maxlen=None):
        if maxlen is not None and maxlen < 0:
            raise ValueError('maxlen must be non-negative')
        self._items = []
        self.maxlen = maxlen
        self.extend(iterable)
    def append(self, x):
        if self.maxlen != 0:
            if len(self._items) == self.maxlen:
                self._items.pop(0)
            self._items.append(x)
    def appendleft(self, x):
        if self.maxlen != 0:
            if len(self._items) == self.maxlen:
                self._items.pop()
            self._items.insert(0, x)
    def extend(self, iterable):
        for x in list(iterable) if iterable is self else iterable:
            self.append(x)
    def extendleft(self, iterable):
        for x in list(iterable) if iterable is self else iterable:
            self.appendleft(x)
    def pop(self):
        if not self._items:
            raise IndexError('pop from an empty deque')
        return self._items.pop()
    def popleft(self):
        if not self._items:
            raise IndexError('pop from an empty deque')
        return self._items.pop(0)
    def rotate(self, n=1):
        if self._items:
            n %= len(self._items)
            self._items = self._items[len(self._items) - n:] + self._items[:len(self._items) - n]
    def clear(self):
        self._items = []
    def copy(self):
        return deque(self._items, self.maxlen)
    __copy__ = copy
    def count(self, x):
        return self._items.count(x)
    def index(self, x, *bounds):
        return self._items.index(x, *bounds)
    def insert(self, i, x):
        if len(self._items) == self.maxlen:
            raise IndexError('deque already at its maximum size')
        self._items.insert(i, x)
    def remove(self, x):
        self._items.remove(x)
    def reverse(self):
        self._items.reverse()
    def __getitem__(self, i):
        if isinstance(i, slice):
            raise TypeError("sequence index must be integer, not 'slice'")
        return self._items[i]
    def __setitem__(self, i, x):
        if isinstance(i, slice):
            raise TypeError("sequence index must be integer, not 'slice'")
        self._items[i] = x
    def __delitem__(self, i):
        if isinstance(i, slice):
            raise TypeError("sequence index must be integer, not 'slice'")
        del self._items[i]
    def __len__(self):
        return len(self._items)
    def __iter__(self):
        return iter(self._items)
    def __reversed__(self):
        return reversed(self._items)
    def __contains__(self, x):
        return x in self._items
    def __add__(self, other):
        if not isinstance(other, deque):
            return NotImplemented
        return deque(self._items + other._items, self.maxlen)
    def __iadd__(self, iterable):
        self.extend(iterable)
        return self
    def __mul__(self, n):
        return deque(self._items * n, self.maxlen)
    __rmul__ = __mul__
    def __eq__(self, other):
        return self._items == other._items if isinstance(other, deque) else NotImplemented
    def __lt__(self, other):
        return self._items < other._items if isinstance(other, deque) else NotImplemented
    def __repr__(self):
        return f'deque({self._items!r})' if self.maxlen is None else f'deque({self._items!r}, maxlen={self.maxlen})'
""")
CHAIN_MAP = written("""
class ChainMap:
    def __init__(self, *maps):
        self.maps = list(maps) or [{}]
    def __getitem__(self, key):
        for one in self.maps:
            if key in one:
                return one[key]
        raise KeyError(key)
    def get(self, key, default=None):
        return self[key] if key in self else default
    def __contains__(self, key):
        return any(key in one for one in self.maps)
    def _merged(self):
        found = {}
        for one in reversed(self.maps):
            found.update(dict.fromkeys(one))
        return {key: self[key] for key in found}
    def __len__(self):
        return len(self._merged())
    def __iter__(self):
        return iter(self._merged())
    def __bool__(self):
        return any(self.maps)
    def keys(self):
        return self._merged().keys()
    def values(self):
        return self._merged().values()
    def items(self):
        return self._merged().items()
    def __setitem__(self, key, value):
        self.maps[0][key] = value
    def __delitem__(self, key):
        del self.maps[0][key]
    def pop(self, key, *default):
        return self.maps[0].pop(key, *default)
    def clear(self):
        self.maps[0].clear()
    def update(self, *args, **kwargs):
        self.maps[0].update(*args, **kwargs)
    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]
    def new_child(self, m=None, **kwargs):
        return ChainMap({**({} if m is None else m), **kwargs} if kwargs or m is None else m, *self.maps)
    @property
    def parents(self):
        return ChainMap(*self.maps[1:])
    def __eq__(self, other):
        return self._merged() == (other._merged() if isinstance(other, ChainMap) else other)
""")
NAMESPACE = written("""
class SimpleNamespace:
    def __init__(self, /, **kwargs):
        self.__dict__.update(kwargs)
    def __repr__(self):
        return 'namespace(' + ', '.join(f'{k}={v!r}' for k, v in self.__dict__.items()) + ')'
    def __eq__(self, other):
        return self.__dict__ == other.__dict__ if isinstance(other, SimpleNamespace) else NotImplemented
""")
PROXY = written("""
class mappingproxy:
    def __init__(self, mapping):
        self._of = mapping
    def __getitem__(self, key):
        return self._of[key]
    def __len__(self):
        return len(self._of)
    def __iter__(self):
        return iter(self._of)
    def __contains__(self, key):
        return key in self._of
    def __eq__(self, other):
        return self._of == other
    def __repr__(self):
        return f'mappingproxy({self._of!r})'
    def get(self, key, default=None):
        return self._of.get(key, default)
    def keys(self):
        return self._of.keys()
    def values(self):
        return self._of.values()
    def items(self):
        return self._of.items()
    def copy(self):
        return self._of.copy()
""")
PROXY = {"MappingProxyType": PROXY["mappingproxy"]}
USER_DICT = written("""
class UserDict:
    def __init__(self, dict=None, /, **kwargs):
        self.data = {}
        if dict is not None:
            self.update(dict)
        if kwargs:
            self.update(kwargs)
    def __getitem__(self, key):
        return self.data[key]
    def __setitem__(self, key, item):
        self.data[key] = item
    def __delitem__(self, key):
        del self.data[key]
    def __len__(self):
        return len(self.data)
    def __iter__(self):
        return iter(self.data)
    def __contains__(self, key):
        return key in self.data
    def __repr__(self):
        return repr(self.data)
    def __eq__(self, other):
        return self.data == (other.data if isinstance(other, UserDict) else other)
    def get(self, key, default=None):
        return self[key] if key in self else default
    def keys(self):
        return self.data.keys()
    def values(self):
        return self.data.values()
    def items(self):
        return self.data.items()
    def update(self, other=(), /, **kwargs):
        for key, item in dict(other, **kwargs).items():
            self[key] = item
    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]
""")
