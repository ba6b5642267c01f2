"""The same networks in PyTorch, ONNX Runtime and onnx.reference, where the extra `peers` is installed.

A walk over the analysed rows emits each layer once, into PyTorch eager modules and into an ONNX graph; both get our
seeded weights, so that what they answer is held against our own answer before anything is timed.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from layercalc.analysis.walk import Analysis

Run = Callable[[np.ndarray], np.ndarray]


class Torch:
    """Each layer as a call of torch.nn.functional, run eagerly one after another."""

    def __init__(self) -> None:
        import torch

        self.torch, self.f = torch, torch.nn.functional
        self.steps: list[tuple[str, Callable[..., Any], list[str]]] = []

    def tensor(self, array: np.ndarray) -> Any:
        return self.torch.from_numpy(np.ascontiguousarray(array))

    def add(self, name: str, call: Callable[..., Any], *inputs: str) -> str:
        self.steps.append((name, call, list(inputs)))
        return name

    def conv(self, name: str, x: str, w: np.ndarray, b: np.ndarray, stride: int, pads: Any, groups: int) -> str:
        weight, bias = self.tensor(w), self.tensor(b)
        (top, bottom), (left, right) = pads

        def run(v: Any) -> Any:
            if (top, left) != (bottom, right):
                v = self.f.pad(v, (left, right, top, bottom))
                return self.f.conv2d(v, weight, bias, stride, 0, 1, groups)
            return self.f.conv2d(v, weight, bias, stride, (top, left), 1, groups)

        return self.add(name, run, x)

    def norm(self, name: str, x: str, weights: list[np.ndarray], epsilon: float) -> str:
        gamma, beta, mean, variance = map(self.tensor, weights)
        return self.add(name, lambda v: self.f.batch_norm(v, mean, variance, gamma, beta, False, 0.1, epsilon), x)

    def scale(self, name: str, x: str, factor: np.ndarray, shift: np.ndarray) -> str:
        a, b = self.tensor(factor.reshape(1, -1, 1, 1)), self.tensor(shift.reshape(1, -1, 1, 1))
        return self.add(name, lambda v: v * a + b, x)

    def act(self, name: str, x: str, kind: str) -> str:
        calls = {
            "relu": self.f.relu,
            "relu6": self.f.relu6,
            "silu": self.f.silu,
            "sigmoid": self.torch.sigmoid,
            "softmax": lambda v: self.f.softmax(v, -1),
        }
        return self.add(name, calls[kind], x)

    def pool(self, name: str, x: str, size: int, stride: int) -> str:
        return self.add(name, lambda v: self.f.max_pool2d(v, size, stride), x)

    def pad(self, name: str, x: str, pads: Any) -> str:
        (top, bottom), (left, right) = pads
        return self.add(name, lambda v: self.f.pad(v, (left, right, top, bottom)), x)

    def mean(self, name: str, x: str, keep: bool) -> str:
        return self.add(name, lambda v: v.mean((2, 3), keepdim=keep), x)

    def flatten(self, name: str, x: str) -> str:
        return self.add(name, lambda v: v.permute(0, 2, 3, 1).flatten(1), x)

    def reshape(self, name: str, x: str, channels: int) -> str:
        return self.add(name, lambda v: v.reshape(-1, channels, 1, 1), x)

    def dense(self, name: str, x: str, w: np.ndarray, b: np.ndarray) -> str:
        weight, bias = self.tensor(w.T), self.tensor(b)
        return self.add(name, lambda v: self.f.linear(v, weight, bias), x)

    def binary(self, name: str, kind: str, x: str, y: str) -> str:
        return self.add(name, self.torch.add if kind == "add" else self.torch.mul, x, y)

    def runner(self, output: str) -> Run:
        last = {name: step for step, (_, _, inputs) in enumerate(self.steps) for name in inputs}

        def run(x: np.ndarray) -> np.ndarray:
            with self.torch.inference_mode():
                values = {"input": self.tensor(x)}
                for step, (name, call, inputs) in enumerate(self.steps):
                    values[name] = call(*(values[one] for one in inputs))
                    for one in inputs:
                        if last[one] == step:
                            values.pop(one, None)
                return values[output].numpy()

        return run


class Onnx:
    """Each layer as nodes of an ONNX graph."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, array: np.ndarray) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, kind: str, name: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def conv(self, name: str, x: str, w: np.ndarray, b: np.ndarray, stride: int, pads: Any, groups: int) -> str:
        inputs = [x, self.constant(f"{name}/w", w), self.constant(f"{name}/b", b)]
        (top, bottom), (left, right) = pads
        how = {"strides": [stride] * 2, "pads": [top, left, bottom, right], "group": groups}
        return self.add("Conv", name, inputs, **how)

    def norm(self, name: str, x: str, weights: list[np.ndarray], epsilon: float) -> str:
        inputs = [x, *(self.constant(f"{name}/{i}", w) for i, w in enumerate(weights))]
        return self.add("BatchNormalization", name, inputs, epsilon=epsilon)

    def scale(self, name: str, x: str, factor: np.ndarray, shift: np.ndarray) -> str:
        a, b = (self.constant(f"{name}/{i}", one.reshape(1, -1, 1, 1)) for i, one in enumerate((factor, shift)))
        return self.add("Add", name, [self.add("Mul", f"{name}/scaled", [x, a]), b])

    def act(self, name: str, x: str, kind: str) -> str:
        if kind == "silu":
            return self.add("Mul", name, [x, self.add("Sigmoid", f"{name}/sigmoid", [x])])
        if kind == "relu6":
            low, high = (self.constant(f"{name}/{v}", np.float32(v)) for v in (0, 6))
            return self.add("Clip", name, [x, low, high])
        return self.add({"relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax"}[kind], name, [x])

    def pool(self, name: str, x: str, size: int, stride: int) -> str:
        return self.add("MaxPool", name, [x], kernel_shape=[size] * 2, strides=[stride] * 2)

    def pad(self, name: str, x: str, pads: Any) -> str:
        (top, bottom), (left, right) = pads
        sizes = self.constant(f"{name}/pads", np.array([0, 0, top, left, 0, 0, bottom, right]))
        return self.add("Pad", name, [x, sizes])

    def mean(self, name: str, x: str, keep: bool) -> str:
        axes = self.constant(f"{name}/axes", np.array([2, 3]))
        return self.add("ReduceMean", name, [x, axes], keepdims=int(keep))

    def flatten(self, name: str, x: str) -> str:
        return self.add("Flatten", name, [self.add("Transpose", f"{name}/last", [x], perm=[0, 2, 3, 1])])

    def reshape(self, name: str, x: str, channels: int) -> str:
        return self.add("Reshape", name, [x, self.constant(f"{name}/shape", np.array([-1, channels, 1, 1]))])

    def dense(self, name: str, x: str, w: np.ndarray, b: np.ndarray) -> str:
        return self.add("Gemm", name, [x, self.constant(f"{name}/w", w), self.constant(f"{name}/b", b)])

    def binary(self, name: str, kind: str, x: str, y: str) -> str:
        return self.add("Add" if kind == "add" else "Mul", name, [x, y])

    def model(self, output: str, shape: tuple[int, ...]) -> Any:
        from onnx import TensorProto, helper

        given = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
        made = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "peer", [given], [made], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def emit(peer: Torch | Onnx, analysis: Analysis, weights: dict[str, np.ndarray]) -> str:
    """Every row of a network of tests/data/keras_apps, channels first; the name of the last."""
    names: dict[str, str] = {"input": "input"}
    for value in analysis.inputs:
        names[value.source] = "input"
    for row in analysis.rows:
        layer: Any = row.call.layer
        kind, name = type(layer).__name__, row.name
        inputs = [names[value.source] for value in row.inputs]
        held = [weights[f"{name}/{key}"] for key in (weight.path for weight in row.traced.weights)]
        shape = row.inputs[0].spec.shape
        out = name
        if kind in ("Conv2D", "DepthwiseConv2D"):
            depthwise = kind == "DepthwiseConv2D"
            w = held[0].transpose(2, 3, 0, 1) if depthwise else held[0].transpose(3, 2, 0, 1)
            bias = held[1] if len(held) > 1 else np.zeros(w.shape[0], np.float32)
            stride, sizes = layer.strides[0], zip(shape[1:3], w.shape[2:], strict=True)
            same = str(layer.padding) == "same"
            pads = [halves(max((-(-n // stride) - 1) * stride + k - n, 0)) if same else (0, 0) for n, k in sizes]
            activation = layer.activation.name
            plain = f"{name}/plain" if activation != "linear" else name
            peer.conv(plain, inputs[0], w, bias, stride, pads, shape[-1] if depthwise else 1)
            if activation != "linear":
                peer.act(name, plain, activation)
        elif kind == "Dense":
            activation = layer.activation.name
            plain = f"{name}/plain" if activation != "linear" else name
            peer.dense(plain, inputs[0], *held)
            if activation != "linear":
                peer.act(name, plain, activation)
        elif kind == "BatchNormalization":
            peer.norm(name, inputs[0], held, layer.epsilon)
        elif kind in ("ReLU", "Activation"):
            act = ("relu6" if layer.max_value == 6 else "relu") if kind == "ReLU" else layer.activation.name
            peer.act(name, inputs[0], act)
        elif kind == "MaxPooling2D":
            peer.pool(name, inputs[0], layer.pool_size[0], layer.strides[0] if layer.strides else layer.pool_size[0])
        elif kind == "ZeroPadding2D":
            peer.pad(name, inputs[0], layer.padding)
        elif kind == "GlobalAveragePooling2D":
            peer.mean(name, inputs[0], bool(layer.keepdims))
        elif kind == "Flatten":
            peer.flatten(name, inputs[0])
        elif kind == "Reshape":
            peer.reshape(name, inputs[0], row.traced.outputs[0][0].shape[-1])
        elif kind in ("Add", "Multiply"):
            peer.binary(name, "add" if kind == "Add" else "multiply", *inputs)
        elif kind == "Rescaling":
            scale = np.broadcast_to(np.asarray(layer.scale, np.float32), shape[-1:])
            peer.scale(name, inputs[0], scale, np.broadcast_to(np.asarray(layer.offset, np.float32), shape[-1:]))
        elif kind == "Normalization":
            mean, variance = (np.asarray(one, np.float32).reshape(-1) for one in held[:2])
            peer.scale(name, inputs[0], 1 / np.sqrt(variance), -mean / np.sqrt(variance))
        elif kind in ("Dropout", "InputLayer"):
            out = inputs[0]
        else:
            raise NotImplementedError(kind)
        names[name] = out
    return names[analysis.outputs[0].source]


def halves(total: int) -> tuple[int, int]:
    return total // 2, total - total // 2


def runs_of(analysis: Analysis, weights: dict[str, np.ndarray], shape: tuple[int, ...]) -> dict[str, Run]:
    """The peers that are installed, each as a function of a channels-first image."""
    found: dict[str, Run] = {}
    try:
        peer = Torch()
        found["PyTorch"] = peer.runner(emit(peer, analysis, weights))
    except ImportError:
        pass
    try:
        import onnxruntime
        from onnx.reference import ReferenceEvaluator
    except ImportError:
        return found
    graph = Onnx()
    model = graph.model(emit(graph, analysis, weights), (shape[0], shape[3], *shape[1:3]))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    found["ONNX Runtime"] = lambda x: session.run(None, {"input": x})[0]
    reference = ReferenceEvaluator(model)
    found["onnx.reference"] = lambda x: reference.run(None, {"input": x})[0]
    return found


def compared(ours: Callable[[], Any], peers: dict[str, Run], x: np.ndarray) -> dict[str, float]:
    """Seconds of each, measured in turns; AssertionError if one answers otherwise than we do."""
    answer = ours().outputs[0]
    turned = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    for name, run in peers.items():
        np.testing.assert_allclose(run(turned), answer, rtol=1e-3, atol=1e-4, err_msg=name)
    seconds = dict.fromkeys(["layercalc", *peers], 1e9)
    for _ in range(3):
        for name in seconds:  # several runs each: threads of the one before still spin during the first
            for _ in range(1 if name == "onnx.reference" else 5):
                start = time.perf_counter()
                peers[name](turned) if name in peers else ours()
                seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds
