"""How many of the base unit each unit is."""

from __future__ import annotations

FACTORS = {
    "length": {"metre": 1.0, "foot": 0.3048, "mile": 1609.344, "fathom": 1.8288},
    "mass": {"kilogram": 1.0, "pound": 0.45359237, "ounce": 0.028349523125},
}


def convert(quantity: str, amount: float, source: str, target: str) -> float:
    """An amount in another unit. Raises KeyError for a unit that is not known."""
    factors = FACTORS[quantity]
    return amount * factors[source] / factors[target]
