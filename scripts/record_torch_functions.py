"""What PyTorch says of ATen's functions: arguments and defaults of overloads on tensors; run where torch is installed.

    python scripts/record_torch_functions.py tests/data/torch_functions.json.gz

An argument is [name, required, default]; those that are given by name alone follow the others, as in the schema.
"""

import gzip
import json
import sys

import torch


def plain(value):
    """A default as JSON has it; what has no form there by its name."""
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if isinstance(value, int | float | str | bool | None) else str(value)


def main(path):
    found = {}
    for schema in torch._C._jit_get_all_schemas():
        on_tensors = any("Tensor" in str(one.type) for one in (*schema.arguments, *schema.returns))
        if schema.name.startswith("aten::") and on_tensors and not any(one.is_out for one in schema.arguments):
            name = schema.name.removeprefix("aten::")
            arguments = [[one.name, not one.has_default_value(), plain(one.default_value)] for one in schema.arguments]
            found.setdefault(name, {})[schema.overload_name] = arguments
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(json.dumps(found, sort_keys=True).encode())


if __name__ == "__main__":
    main(sys.argv[1])
