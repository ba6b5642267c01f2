"""Much that little stands for, made without holding or compressing all of it."""

import zlib


def deflated(size: int, fill: bytes = b"\0", head: bytes = b"") -> tuple[bytes, int]:
    """A head and one byte many times as DEFLATE has it, each megabyte the same block; and its CRC-32."""
    block, checked = fill * (1 << 20), zlib.crc32(head)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    times, rest = divmod(size, len(block))
    for _ in range(times):
        checked = zlib.crc32(block, checked)
    return begin + again * times + packer.compress(block[:rest]) + packer.flush(), zlib.crc32(block[:rest], checked)
