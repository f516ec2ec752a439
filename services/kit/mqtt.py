"""Passwords of MQTT users, hashed as nats-server checks them."""

import hashlib

import bcrypt

COST = b"$2a$04$"
"""The least that bcrypt takes: keys are 256 random bits, and a reload checks everybody who is connected."""

_LETTERS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def hashed(key: str) -> str:
    """Return the hash of a long random key, the same whenever it is asked for.

    The salt is made of the key. A hash that changed would cut off who is connected with it; and a salt
    protects weak passwords that two people share, of which there are none here.
    """
    digest = hashlib.sha256(b"yutian mqtt salt/" + key.encode()).digest()
    salt = "".join(_LETTERS[byte & 63] for byte in digest[:21]) + "."
    return bcrypt.hashpw(key.encode(), COST + salt.encode()).decode()
