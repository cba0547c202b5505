"""What wraps the slots of a vault's header: nothing that opens one opens another."""

from hypothesis import given
from hypothesis import strategies as st

from context.keys import key_header

some_bytes = st.binary(min_size=32, max_size=32)


@given(some_bytes, some_bytes)
def test_each_slot_takes_the_device_and_what_it_is_for(secret: bytes, given_key: bytes) -> None:
    header, other = key_header.new(secret), key_header.new(secret)
    changed = bytes([secret[0] ^ 1]) + secret[1:]
    ways = [
        key_header.device_key(header, secret),
        key_header.device_key(header, changed),
        key_header.device_key(other, secret),
    ]
    for way in (key_header.pin_key, key_header.phone_key):
        ways += [
            way(header, secret, given_key),
            way(header, changed, given_key),
            way(header, b"", given_key),
            way(header, secret, bytes([given_key[0] ^ 1]) + given_key[1:]),
            way(other, secret, given_key),
        ]
    assert len(set(ways)) == len(ways)
    assert all(len(key) == 32 for key in ways)
