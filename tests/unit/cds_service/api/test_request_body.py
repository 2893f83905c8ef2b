"""A packed body is never unpacked further than the limit, however much it holds."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest

from cds_service.api.request_body import unpacked
from cds_service.outcome import ServiceError

LIMIT = 100_000


@pytest.mark.parametrize("window", [zlib.MAX_WBITS, -zlib.MAX_WBITS, zlib.MAX_WBITS + 16])
def test_a_bomb_costs_no_more_memory_than_the_limit(window: int) -> None:
    packing = zlib.compressobj(wbits=window)
    bomb = packing.compress(b" " * 50_000_000) + packing.flush()
    tracemalloc.start()
    with pytest.raises(ServiceError) as refused:
        unpacked(bomb, window, LIMIT)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.status == 413
    assert most < 10 * LIMIT


def test_without_a_limit_all_of_it_is_unpacked() -> None:
    assert unpacked(zlib.compress(b" " * LIMIT), zlib.MAX_WBITS, None) == b" " * LIMIT
