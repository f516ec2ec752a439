"""Village stations: they connect, receive, show, sound and confirm.

Owns the items of every station (a sequence without gaps for each mode), the facts that stations report,
and their presence. Hears deliveries of the channel `station`, the ends of warnings, and the registry.
Says `delivery.reported` and `station.seen`. Stations come by SSE, long poll or MQTT; a person without
a device comes by the link in an SMS.
"""
