"""What dollars may be given as: beside the rest, since ``decimal`` is large and needed by few."""

from __future__ import annotations

from decimal import Decimal

Dollars = int | float | str | Decimal
"""Dollars, taken exactly: ``0.1`` is 100,000 micro-USDC. More than 6 decimals is an error."""
