"""Which addresses are public, whatever a name or a URL says."""

import pytest

from crawler.fetch.addresses import is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "202.96.64.68", "2400:3200::1", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # where clouds keep the machine's credentials
        "100.64.0.1",  # shared by a provider's customers (RFC 6598)
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",  # 127.0.0.1 behind a translator
        "2002:7f00:1::",  # and through a tunnel
        "www.anlan.example",
        "",
    ],
)
def test_loopback_private_and_special_addresses_are_not(address: str) -> None:
    assert not is_public(address)
