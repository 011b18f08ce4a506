# SPDX-License-Identifier: Apache-2.0
"""What recording and comparing share: sequences that follow from a number, and how the numbers of a table are folded into few."""

LETTERS = 'ACDEFGHIKLMNPQRSTVWY'
TOKENS, SUMS = 16, 64


def _numbers(seed):
    state = seed
    while True:                         # the generator of Numerical Recipes: the low bits are poor, the high ones serve
        state = (state * 1664525 + 1013904223) & 0xffffffff
        yield state >> 16


def sequence(length):
    """The sequence of this length."""
    numbers = _numbers(length)
    return ''.join(LETTERS[next(numbers) % len(LETTERS)] for _ in range(length))


def signs(count, seed):
    numbers = _numbers(seed)
    return [1.0 if next(numbers) & 0x100 else -1.0 for _ in range(count)]


def folded(rows):
    """At most SUMS sums over all rows, each of TOKENS rows or more, every number with a sign of its own: what differs anywhere shows, about as large as it
    is in the whole table."""
    columns, each = signs(len(rows[0]), 1), max(TOKENS, -(-len(rows) // SUMS))
    sums = [sign * sum(x * c for x, c in zip(row, columns)) for sign, row in zip(signs(len(rows), 2), rows)]
    return [sum(sums[i:i + each]) for i in range(0, len(sums), each)]
