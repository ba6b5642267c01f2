"""The messages of an ONNX file (onnx.proto3), field by field: those that bear on shapes, counts and values."""

from typing import Any, NamedTuple


class Field(NamedTuple):
    """One field: its name, what it holds, and whether it may stand several times.

    `kind` is int, float, str (text), bytes, packed (numbers left in the file, as bytes), or the name of a message.
    """

    name: str
    kind: str
    many: bool

    @property
    def absent(self) -> Any:
        """What a message has where the field is not there (proto3)."""
        return () if self.many else {"int": 0, "float": 0.0, "str": "", "bytes": b""}.get(self.kind)


def table(text: str) -> dict[int, Field]:
    """Fields by number, of lines `number name kind`, with `*` after a kind that may stand several times."""
    rows = (line.split() for line in text.strip().splitlines())
    return {int(number): Field(name, kind.rstrip("*"), kind.endswith("*")) for number, name, kind in rows}


MESSAGES: dict[str, dict[int, Field]] = {
    "Model": table("""
        1 ir_version int
        2 producer_name str
        3 producer_version str
        7 graph Graph
        8 opset_import OperatorSet*
        25 functions Function*
    """),
    "Unread": {},
    "OperatorSet": table("""
        1 domain str
        2 version int
    """),
    "Entry": table("""
        1 key str
        2 value str
    """),
    "Graph": table("""
        1 node Node*
        2 name str
        5 initializer Tensor*
        11 input ValueInfo*
        12 output ValueInfo*
        15 sparse_initializer SparseTensor*
    """),
    "Function": table("""
        1 name str
        4 input str*
        5 output str*
        6 attribute str*
        7 node Node*
        9 opset_import OperatorSet*
        10 domain str
        11 attribute_proto Attribute*
        13 overload str
    """),
    "Node": table("""
        1 input str*
        2 output str*
        3 name str
        4 op_type str
        5 attribute Attribute*
        7 domain str
        8 overload str
        9 metadata_props bytes*
    """),
    "Attribute": table("""
        1 name str
        2 f float
        3 i int
        4 s bytes
        5 t Tensor
        6 g Graph
        7 floats float*
        8 ints int*
        9 strings bytes*
        10 tensors Tensor*
        11 graphs Graph*
        14 tp Type
        20 type int
        21 ref_attr_name str
        22 sparse_tensor SparseTensor
    """),
    "Tensor": table("""
        1 dims int*
        2 data_type int
        4 float_data packed*
        5 int32_data packed*
        6 string_data bytes*
        7 int64_data packed*
        8 name str
        9 raw_data bytes
        10 double_data packed*
        11 uint64_data packed*
        13 external_data Entry*
        14 data_location int
    """),
    "SparseTensor": table("""
        1 values Tensor
        2 indices Tensor
        3 dims int*
    """),
    "ValueInfo": table("""
        1 name str
        2 type Type
    """),
    "Type": table("""
        1 tensor_type TensorType
        4 sequence_type Unread
        5 map_type Unread
        8 sparse_tensor_type Unread
        9 optional_type Unread
    """),
    "TensorType": table("""
        1 elem_type int
        2 shape Shape
    """),
    "Shape": table("""
        1 dim Dimension*
    """),
    "Dimension": table("""
        1 dim_value int
        2 dim_param str
    """),
}
