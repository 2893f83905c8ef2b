"""The address of a Redis: what its client would only find wrong at the first call is refused at the start."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from cds_service.settings import SettingsError, from_environment

NAMES = ("CDS_REDIS_URL", "CDS_RATE_LIMIT_STORAGE")
GOOD = (
    "redis://127.0.0.1:6379",
    "redis://127.0.0.1:6379/",
    "redis://127.0.0.1:6379/15",
    "rediss://cache.clinic.example/0",
    "redis://[::1]:6379/0",
    "redis://cds_cache:1/0",
    "redis://user:s3cr3t%2Fpw%23@cache:65535/0",
    "redis://:s3cr3t@cache?db=3",
    "rediss://:s3cr3t@cache:6379/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=required&ssl_check_hostname=true",
)
BAD = (
    "redis://:s3cr3t/pw@cache:6379/0",
    "redis://:s3cr3t#pw@cache:6379/0",
    "redis://:s3cr3t?pw@cache:6379/0",
    "redis://:s3cr3t@pw@cache:6379/0",
    "redis://:s3cr3t pw@cache:6379/0",
    "redis://redis..internal:6379/0",
    "redis://.internal:6379/0",
    f"redis://{'n' * 64}:6379/0",
    "redis://caché:6379/0",
    "redis://",
    "redis://:6379/0",
    "redis://[::1:6379/0",
    "redis://[s3cr3t]:6379/0",
    "redis://cache:0/0",
    "redis://cache:65536/0",
    "redis://cache:s3cr3t/0",
    "redis://cache:6379/s3cr3t",
    "redis://cache:6379/0/1",
    "redis://cache:6379?foo=1",
    "redis://cache:6379?socket_timeout=60",
    "redis://cache:6379?db=s3cr3t",
    "redis://cache:6379?db",
    "rediss://cache:6379?ssl_cert_reqs=maybe",
    "REDIS://cache:6379",
    "redis://cache:6379?ssl_ca_certs=/etc/ca.pem",
    "redis://..:6379",
    "redis://.a:6379",
    "redis://a..:6379",
    "redis://cache\t:6379",
    "unix:///run/redis.sock",
    "http://cache:6379",
    "cache:6379",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("url", GOOD)
def test_a_whole_address_is_taken_and_its_client_takes_it_too(name: str, url: str) -> None:
    found = from_environment({name: url})
    assert (found.redis_url or found.rate_limit_storage) == url
    with Redis.from_url(url) as client:
        assert client.connection_pool.make_connection()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("url", BAD)
def test_what_is_no_address_is_refused_and_nothing_of_it_is_repeated(name: str, url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        from_environment({name: url})
    expected = "redis://host:port"
    assert str(refused.value).splitlines()[1].startswith(f"  {name}: expected ")
    assert expected in str(refused.value)
    assert not any(word in str(refused.value) for word in ("s3cr3t", "pw", "internal", "foo"))


@given(st.text(max_size=60))
def test_no_text_at_all_ends_in_anything_but_a_refusal(text: str) -> None:
    # What is good, by chance, is nothing to be caught.
    with suppress(SettingsError):
        from_environment({"CDS_REDIS_URL": f"redis://{text}"})
