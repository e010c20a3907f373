"""Texts made small for the database: one that differs little from another, its base, takes a few dozen bytes."""

try:
    from compression import zstd
except ImportError:  # before Python 3.14
    from backports import zstd

MAX_BYTES = 2**20  # of a text: 250,000 characters take four bytes each at most
SHORTEST_BASE = 8  # bytes: zstd takes no shorter one
WINDOW = 21  # 2 to the power of this: a base and a text of the greatest size, so that all of the base is reached
OPTIONS = {
    zstd.CompressionParameter.compression_level: 6,
    zstd.CompressionParameter.window_log: WINDOW,
    zstd.CompressionParameter.enable_long_distance_matching: 1,
    zstd.CompressionParameter.checksum_flag: 1,  # a wrong base gives other signs, not an error, without it
}
LIMITS = {zstd.DecompressionParameter.window_log_max: WINDOW}


class NotPacked(ValueError):
    """Bytes that give no text: damaged, cut, too many, or packed on another base."""


def pack(text: str, base: str = "") -> bytes:
    """Return `text` made small. What it shares with `base` takes no room; `unpack` needs the same base again.

    Raises `ValueError` when the text or the base is longer than `MAX_BYTES`.
    """
    data, start = text.encode(), base.encode()
    if max(len(data), len(start)) > MAX_BYTES:
        raise ValueError(f"a text of {len(data)} bytes on a base of {len(start)}: {MAX_BYTES} at most")
    return zstd.compress(data, options=OPTIONS, zstd_dict=_prefix(start))


def unpack(data: bytes, base: str = "") -> str:
    """Return the text that `pack` made small on this base. Raises `NotPacked`; takes no more memory than a text of
    `MAX_BYTES`, whatever the bytes pretend to hold."""
    reader = zstd.ZstdDecompressor(zstd_dict=_prefix(base.encode()), options=LIMITS)
    try:
        text = reader.decompress(data, max_length=MAX_BYTES + 1)
        if not reader.eof or reader.unused_data or len(text) > MAX_BYTES:
            raise NotPacked("packed bytes that are cut, or too many")
        return text.decode()
    except (zstd.ZstdError, UnicodeDecodeError) as error:
        raise NotPacked("packed bytes that are damaged, or were packed on another base") from error


def _prefix(base):
    return zstd.ZstdDict(base, is_raw=True).as_prefix if len(base) >= SHORTEST_BASE else None
