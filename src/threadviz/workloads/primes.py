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
"""What is checked: five primes, and three that are none."""


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
