"""Beidou, the last way to a station: `frame` goes over the air, `card` asks the device, `serial` opens it."""
