"""Everything random, keyed by name, so that adding a component never moves another's draws.

All of it is integer arithmetic, so that a seed means the same on every machine: SHA-256 for names, SplitMix64
(Steele, Lea, Flood 2014) for draws. Arrays of draws are `streamsim.engine.draws`' business.
"""

import hashlib

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MASK_128 = (1 << 128) - 1
_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645


def key(seed: int, *names: object) -> int:
    """A 64-bit key for a name such as `("producer", "shardId-000000000001", 3)`."""
    return int.from_bytes(hashlib.sha256(repr((seed, *names)).encode()).digest()[:8], "big")


class Chance:
    """A sequence of draws for one name; costs one integer of state."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, *names: object) -> None:
        self._state = key(seed, *names)

    def word(self) -> int:
        """The next 64 random bits."""
        self._state = mixed = (self._state + _GOLDEN) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below_one(self) -> float:
        """The next draw from [0, 1), a multiple of 2**-53."""
        return (self.word() >> 11) * 2.0**-53


class Uuids:
    """A sequence of random UUIDs for one name: a 128-bit congruential generator with PCG's multiplier (O'Neill 2014)."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, *names: object) -> None:
        self._state = key(seed, *names) << 64 | key(seed, "uuid", *names)

    def next(self) -> str:
        """The next UUID, of version 4 and lower case, as AWS writes request ids."""
        self._state = state = (self._state * _MULTIPLIER + _GOLDEN) & _MASK_128
        digits = (state ^ state >> 67).to_bytes(16, "big").hex()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
