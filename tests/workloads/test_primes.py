from math import isqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from threadviz.workloads.primes import NUMBERS, check, smallest_divisor

LIMIT = 20_000


def smallest_divisors(limit: int) -> list[int]:
    """Return the smallest divisor above 1 of each number below `limit`, by the sieve of Eratosthenes."""
    divisors = list(range(limit))
    for step in range(isqrt(limit), 1, -1):
        divisors[step * step :: step] = [step] * len(range(step * step, limit, step))
    return divisors


SIEVE = smallest_divisors(LIMIT)


def test_small_numbers() -> None:
    """Every small number comes out as in the sieve."""
    said = [check(number) for number in range(2, LIMIT)]
    assert said == [
        "prime" if divisor == number else f"divisible by {divisor}"
        for number, divisor in enumerate(SIEVE[2:], 2)
    ]


@given(st.integers(2, LIMIT - 1), st.integers(2, LIMIT - 1))
def test_products(one: int, other: int) -> None:
    """The smallest divisor of a product is that of one of its factors."""
    assert smallest_divisor(one * other) == min(SIEVE[one], SIEVE[other])


@example(0)
@example(1)
@given(st.integers(max_value=1))
def test_less_than_two(number: int) -> None:
    """Nothing below 2 is prime."""
    assert check(number) == "not prime"


@pytest.mark.parametrize("number", NUMBERS)
def test_the_numbers_are_of_similar_cost(number: int) -> None:
    """Each of the workload's numbers needs all divisions up to its root, or nearly so, prime or not."""
    divisor = smallest_divisor(number)
    assert min(divisor, isqrt(number)) > 0.99 * isqrt(NUMBERS[-1])
    assert number % divisor == 0


def test_the_numbers_are_of_both_kinds() -> None:
    """Five pass Fermat's test to two bases, as primes do; three do not."""
    passing = [pow(2, n - 1, n) == pow(3, n - 1, n) == 1 for n in NUMBERS]
    assert (sum(passing), len(NUMBERS)) == (5, 8)
