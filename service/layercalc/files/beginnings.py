"""The first bytes of files with tensors, by which they are told; who reads them is imported where there is one."""

HDF5 = b"\x89HDF\r\n\x1a\n"
NUMPY = b"\x93NUMPY"  # of an .npy file


def is_safetensors(body: bytes) -> bool:
    """Whether the bytes begin as safetensors do: the length of a JSON header, then that header."""
    return body[8:9] == b"{" and int.from_bytes(body[:8], "little") < 100_000_000
