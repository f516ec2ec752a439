"""Message: the frozen base of everything one service tells another."""

from typing import ClassVar, Self

from pydantic import model_validator

from contracts.values import Lane, Mode, Value

PREFIX = "yutian"


class Message(Value):
    """A photograph of something that happened: complete, frozen, named in the past tense."""

    noun: ClassVar[str]
    version: ClassVar[int]
    verb: ClassVar[str]
    keyed: ClassVar[bool] = False
    """True when the subject has a key token."""

    @property
    def key(self) -> str | None:
        """The optional token of the subject between the verb and the lane."""
        return None

    @property
    def subject(self) -> str:
        """The NATS subject that this message travels on."""
        raise NotImplementedError

    @property
    def ordering_key(self) -> str:
        """Messages with the same ordering key are relayed in the order in which they were said."""
        return self.noun

    @classmethod
    def stem(cls) -> str:
        """The name of this message, without mode, key and lane: `warning.v1.issued`."""
        return f"{cls.noun}.v{cls.version}.{cls.verb}"

    def to_bytes(self) -> bytes:
        """Return the message as it travels: JSON, UTF-8."""
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a message as it travels; raise pydantic's ValidationError when it is not one."""
        return cls.model_validate_json(payload)


class LanedMessage(Message):
    """A message that belongs to a mode and a lane: `yutian.<mode>.<noun>.v<n>.<verb>[.<key>].<lane>`."""

    mode: Mode
    lane: Lane

    @property
    def subject(self) -> str:
        """The NATS subject, with the mode before the noun and the lane last."""
        middle = [self.stem(), *([self.key] if self.key else [])]
        return ".".join([PREFIX, self.mode, *middle, self.lane])

    @model_validator(mode="after")
    def _key_is_one_token(self) -> Self:
        if self.key is not None and (not self.key.isascii() or set(self.key) & set(". *>")):
            raise ValueError(f"subject key {self.key!r} is not one plain token")
        return self


def filter_subject(message: type[Message], mode: str = "*", lane: str = "*", key: str = "*") -> str:
    """Return the subject filter that selects a laned message, `*` standing for any token."""
    middle = [message.stem(), *([key] if message.keyed else [])]
    return ".".join([PREFIX, mode, *middle, lane])
