"""A toy framework, which shows that the protocol of `host.py` suffices: layers, stacks, functional calls, subclassing."""

from layercalc.readers.script import MISSING, Fault, Foreign, Instance, Module, Native, Opaque, Vocabulary


class Kind(Foreign):
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


class ToyLayer(Foreign):
    def __init__(self, kind, units):
        self.kind, self.units, self.trainable, self.name = kind, units, True, None

    def __repr__(self):
        return self.kind


class Stack(Foreign):
    def __init__(self, layers):
        self.layers = layers

    def __repr__(self):
        return "Stack"


class ToyTensor(Foreign):
    def __init__(self, size, made_by=()):
        self.size, self.made_by = size, made_by

    def __repr__(self):
        return f"tensor of {self.size}"


class Toy(Vocabulary):
    """Layer(units), Stack([layers]), Tensor(size), layer(tensor), stack.add(layer), Model to derive from."""

    KINDS = {name: Kind(name) for name in ("Layer", "Stack", "Tensor", "Model")}

    def module(self, name):
        return Module(name, {**self.KINDS, "callbacks": Module("toy.callbacks", {})}) if name == "toy" else None

    def is_pure(self, origin):
        return origin.startswith("toy.callbacks.")

    def ignores(self, origin):
        return origin == "toy.function"

    def sure(self, value, at):
        """A value that decides a model."""
        if type(value) is Opaque:
            raise Fault(at, f"Received {value.why}.")
        if isinstance(value, Foreign) and value.spoilt is not None:
            raise Fault(at, f"{value!r}: {value.spoilt.why}.")
        return value

    def call(self, value, args, kwargs, at):
        if isinstance(value, Kind):
            if value.name == "Stack":
                return Stack(self.machine.listed(args[0], at) if args else [])
            size = self.sure(args[0] if args else kwargs["units"], at)
            return ToyLayer("Layer", size) if value.name == "Layer" else ToyTensor(size)
        if isinstance(value, Instance):
            return self.machine.call(self.machine.attribute(value, "forward", at), args, kwargs, at)
        layers = value.layers if isinstance(value, Stack) else [value]
        self.sure(value, at)
        tensor = self.sure(args[0], at)
        for one in layers:
            tensor = ToyTensor(self.sure(one, at).units, (*tensor.made_by, one))
        return tensor

    def attribute(self, value, name, at):
        if value.spoilt is not None:
            return Opaque("", at, value.spoilt, holds=(value,))
        if isinstance(value, Stack) and name in ("add", "fit", "pop"):
            return Native(name, lambda m, args, kwargs, at: self.change(value, name, args, at), (value,))
        if name == "layers" and isinstance(value, Stack):
            return list(value.layers)
        return vars(value).get(name, MISSING)

    def change(self, value, name, args, at):
        if name == "fit":
            return Opaque("a history", at)
        self.machine.changing(value)
        return value.layers.append(self.sure(args[0], at)) if name == "add" else value.layers.pop()

    def set_attribute(self, value, name, item, at):
        self.machine.changing(value)
        setattr(value, name, item)

    def binary(self, op, left, right, at):
        return ToyTensor(self.sure(left, at).size, (left, right))

    def item(self, value, key, at):
        return value.layers[key] if isinstance(value, Stack) else ToyTensor(1)

    def iterate(self, value, at):
        return list(value.layers) if isinstance(value, Stack) else super().iterate(value, at)

    def length(self, value, at):
        return len(value.layers)

    def truth(self, value, at):
        return True

    def is_instance(self, value, kind, at):
        return isinstance(value, ToyLayer) if kind.name == "Layer" else type(value).__name__ == kind.name

    def create(self, instance, base, args, kwargs, at):
        return Stack([])

    def inherited(self, instance, name, at):
        if name == "__init__":
            return Native("__init__", lambda m, args, kwargs, at: None)
        return list(instance.core.layers) if name == "layers" else MISSING

    def attached(self, instance, name, value, at):
        if isinstance(value, ToyLayer):
            self.machine.changing(value)
            self.machine.changing(instance.core)
            value.name = name
            instance.core.layers.append(value)


def units(stack):
    """What a stack comes to, or why it is not known."""
    if isinstance(stack, Instance):
        stack = stack.core
    if type(stack) is Opaque:
        return stack.why
    if stack.spoilt is not None:
        return stack.spoilt.why
    return [
        one.why if type(one) is Opaque else one.spoilt.why if one.spoilt is not None else one.units
        for one in stack.layers
    ]
