"""Desired against live: only what git sets counts."""

from dataclasses import dataclass
from typing import Any

EMPTY = (None, False, 0, "", [], {})


@dataclass(frozen=True)
class Difference:
    path: str
    desired: Any
    live: Any


def differences(desired, live, path=""):
    """Yields every field that git sets and the cluster has differently."""
    if isinstance(desired, dict):
        live = live if isinstance(live, dict) else {}
        for key, value in desired.items():
            below = f"{path}.{key}"
            if key not in live and value in EMPTY:
                continue
            yield from differences(value, live.get(key), below)
        return
    if isinstance(desired, list):
        if not isinstance(live, list) or sorted(map(repr, desired)) != sorted(map(repr, live)):
            yield Difference(path, desired, live)
        return
    if desired != live:
        yield Difference(path, desired, live)
