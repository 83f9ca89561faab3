"""RC2 in CBC mode, decryption only (RFC 2268): Windows wrote the certificates of a PFX in it for twenty years.

The library has RC2 with 128 effective bits alone, and OpenSSL 3 keeps it in a provider that need not be there.
"""

from __future__ import annotations

import struct

_PI = bytes.fromhex(
    "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0b"
    "f09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb6266fbf0eda4669075727f21d9bbc944303"
    "f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc"
    "2491af50a1f47039997c3a8523b8b47afc02365b255597312d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9"
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad"
)


def decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """The plain bytes, padding included. The key's own length is its strength; ``data`` is a multiple of 8 bytes,
    ``iv`` is 8 bytes."""
    schedule = _expanded(key)
    out, last = [], struct.unpack("<4H", iv)
    for offset in range(0, len(data), 8):
        block = struct.unpack_from("<4H", data, offset)
        plain = _block(schedule, block)
        out.append(struct.pack("<4H", *(word ^ before for word, before in zip(plain, last, strict=True))))
        last = block
    return b"".join(out)


def _expanded(key: bytes) -> tuple[int, ...]:
    """RFC 2268, 2: 64 words; the effective bits are those of the key."""
    table = bytearray(key)
    size = len(key)
    for index in range(size, 128):
        table.append(_PI[(table[index - 1] + table[index - size]) & 0xFF])
    table[128 - size] = _PI[table[128 - size]]
    for index in range(127 - size, -1, -1):
        table[index] = _PI[table[index + 1] ^ table[index + size]]
    return struct.unpack("<64H", table)


def _block(schedule: tuple[int, ...], block: tuple[int, ...]) -> tuple[int, int, int, int]:
    """RFC 2268, 4: five mixing rounds, a mashing round, six, a mashing round, five; all of them backwards."""
    a, b, c, d = block
    at = 63
    for step in range(15, -1, -1):
        d = (((d >> 5 | d << 11) & 0xFFFF) - schedule[at] - (c & b) - (~c & a)) & 0xFFFF
        c = (((c >> 3 | c << 13) & 0xFFFF) - schedule[at - 1] - (b & a) - (~b & d)) & 0xFFFF
        b = (((b >> 2 | b << 14) & 0xFFFF) - schedule[at - 2] - (a & d) - (~a & c)) & 0xFFFF
        a = (((a >> 1 | a << 15) & 0xFFFF) - schedule[at - 3] - (d & c) - (~d & b)) & 0xFFFF
        at -= 4
        if step in (5, 11):
            d = (d - schedule[c & 63]) & 0xFFFF
            c = (c - schedule[b & 63]) & 0xFFFF
            b = (b - schedule[a & 63]) & 0xFFFF
            a = (a - schedule[d & 63]) & 0xFFFF
    return a, b, c, d
