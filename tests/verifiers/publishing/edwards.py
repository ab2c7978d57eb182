"""Points of edwards25519, reckoned by the formulas of RFC 8032: for signatures that no library would make."""

from __future__ import annotations

import hashlib

Point = tuple[int, int]
FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
IDENTITY: Point = (0, 1)
_D = -121665 * pow(121666, -1, FIELD) % FIELD


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    product = _D * x1 * x2 * y1 * y2 % FIELD
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, FIELD)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, FIELD)
    return x % FIELD, y % FIELD


def multiply(scalar: int, point: Point) -> Point:
    result, rest = IDENTITY, scalar
    while rest:
        result = add(result, point) if rest & 1 else result
        point, rest = add(point, point), rest >> 1
    return result


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def x_of(y: int) -> int | None:
    """The even x of a point with this y, None where there is no point."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, FIELD) % FIELD
    root = pow(square, (FIELD + 3) // 8, FIELD)
    for x in (root, root * pow(2, (FIELD - 1) // 4, FIELD) % FIELD):
        if x * x % FIELD == square:
            return x if x % 2 == 0 else FIELD - x
    return None


def _point(y: int) -> Point:
    x = x_of(y)
    assert x is not None
    return x, y


BASE = _point(4 * pow(5, -1, FIELD) % FIELD)


def _of_order_eight() -> Point:
    """What is left of a point when its large order is taken away."""
    for y in range(2, 100):
        x = x_of(y)
        torsion = multiply(ORDER, (x, y)) if x is not None else IDENTITY
        if multiply(4, torsion) != IDENTITY:
            return torsion
    raise AssertionError("no point of order eight among these")


TORSION = _of_order_eight()
SMALL = tuple(multiply(times, TORSION) for times in range(8))
# No point has this y.
OFF_CURVE = next(y for y in range(2, 100) if x_of(y) is None).to_bytes(32, "little")


def secret_of(seed: bytes) -> int:
    """The scalar of a private key, RFC 8032 section 5.1.5."""
    data = bytearray(hashlib.sha512(seed).digest()[:32])
    data[0] &= 248
    data[31] = data[31] & 127 | 64
    return int.from_bytes(data, "little")


def challenge(commitment: bytes, *, key: bytes, message: bytes) -> int:
    """h of section 5.1.7."""
    return int.from_bytes(hashlib.sha512(commitment + key + message).digest(), "little") % ORDER
