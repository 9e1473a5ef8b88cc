"""primes: trial division of large numbers, in pure Python. It is CPU-bound and holds the GIL."""

from math import isqrt

# Just above 1e14, and composites only as products of two primes near 1e7: each takes as many divisions as the
# others, about 0.3 s on a core of 2024.
NUMBERS = (
    100_000_000_000_031,
    100_000_980_001_501,
    100_100_000_000_029,
    100_200_000_000_019,
    100_002_240_012_463,
    100_300_000_000_027,
    100_002_800_019_599,
    100_400_000_000_009,
)
"""What is checked: five primes and three that are none."""


def check(number: int) -> str:
    """Return 'prime', 'divisible by N' with the smallest such N above 1, or 'not prime' for less than 2."""
    if number < 2:
        return "not prime"
    divisor = smallest_divisor(number)
    return "prime" if divisor == number else f"divisible by {divisor}"


def smallest_divisor(number: int) -> int:
    """Return the smallest divisor above 1 of a number above 1, by trial division."""
    if number % 2 == 0:
        return 2
    for divisor in range(3, isqrt(number) + 1, 2):
        if number % divisor == 0:
            return divisor
    return number


# digest: SHA-256 over a large buffer. It is CPU-bound, but hashlib releases the GIL meanwhile.

_BUFFER = bytes(16 * 2**20)
"""Zeros that nobody wrote: on Linux they take no memory, in however many processes."""

ROUNDS = 32
"""How often the buffer is hashed for a task: 512 MiB, which took 0.3 s on a core of 2024."""


def digest(ordinal: int, rounds: int) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of `ordinal` and `rounds` times the buffer."""
    import hashlib  # here and not above, for nobody else needs it

    state = hashlib.sha256(str(ordinal).encode())
    for _ in range(rounds):
        state.update(_BUFFER)
    return state.hexdigest()[:16]
