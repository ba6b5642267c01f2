"""Operations of `keras.ops` that Keras records as layers of a Functional model.

They are a vocabulary of their own: the operation `Add` is not the layer `Add`. Few models have one: the modules of this
package are imported when an operation is first asked for, every one, so that a new operation exists by being written.
"""

from layercalc.layers.keras.functions.base import Operation, Slot, absent, decoded, operations, recorded

__all__ = ["Operation", "Slot", "absent", "decoded", "operations", "recorded"]
