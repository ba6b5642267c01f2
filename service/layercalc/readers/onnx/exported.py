"""What an exporter did to a network's weights, so that a file has others than the network: said where it counts."""

from collections.abc import Iterator, Sequence

from layercalc.layers.onnx.base import HANDS_ON
from layercalc.readers.onnx.functions import Node
from layercalc.readers.onnx.modules import RULE, metadata

RULES = ("FuseBatchNorm", "FuseConvBatchNorm")  # of the newer exporter's optimiser, by their beginnings
COMPUTED = ("onnx::Conv_", "onnx::ConvTranspose_", "onnx::Gemm_")  # what the TorchScript exporter calls such weights
MARK = "fused_bn"  # in the names that tf2onnx gives them
WINDOWS = ("Conv", "ConvTranspose", "Gemm")


class Exported:
    """Collects, node by node, which weights took in a batch norm and which are read by several modules."""

    def __init__(self) -> None:
        self.folded: list[str] = []
        self.merged: dict[str, str] = {}  # weights, and what reads them first
        self.shared: dict[str, None] = {}
        self.given: dict[str, None] = {}  # inputs of the model that are called as parameters, and stand as such

    def note(self, node: Node, module: str, weights: Sequence[str]) -> None:
        """Look at a node and the weights that it reads."""
        if not weights:
            return
        kind = node.message["op_type"]
        if kind in WINDOWS and self.took_in(node, weights):
            self.folded.append(module or node.name or node.outputs[0])
        for name in weights:
            if kind == HANDS_ON or self.merged.setdefault(name, module) != module:
                self.shared[name] = None

    def learned(self, name: str) -> None:
        """Note an input of the model where an operator has its parameters."""
        if "." in name or "::" in name:
            self.given[name] = None

    def took_in(self, node: Node, weights: Sequence[str]) -> bool:
        """Whether a node's weights have a batch norm in them."""
        if any(name.startswith(COMPUTED) or MARK in name for name in weights):
            return True
        told = metadata(node.message["metadata_props"]).get(RULE, "")
        return any(rule in told for rule in RULES)

    def warnings(self) -> Iterator[str]:
        """What there is to say."""
        if self.given:
            which = "An input is a weight" if len(self.given) == 1 else f"{len(self.given):,} inputs are weights"
            yield (
                f"{which} of the network ({listed([*self.given])}): the file was exported without parameters "
                "(export_params=False), and counts none of them; a pass takes them as inputs."
            )
        if self.folded:
            whose = "A node has" if len(self.folded) == 1 else f"{len(self.folded):,} nodes have"
            yield (
                f"{whose} weights that the exporter computed, as it does to take in a batch norm "
                f"({listed(self.folded)}): parameters are counted as the file has them, not as the network had."
            )
        if self.shared:
            which = (
                "A weight of the file is" if len(self.shared) == 1 else f"{len(self.shared):,} weights of the file are"
            )
            yield (
                f"{which} read by several modules ({listed([*self.shared])}), "
                "tied, or equal when they were exported: exporters keep equal weights once, and they are counted once."
            )


def listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:100]) for name in names[:2]) + (" …" if len(names) > 2 else "")
