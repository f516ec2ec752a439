"""The router: who must hear a warning, and by which channel.

Owns the pinned manifests, the plans and their deliveries, the clocks that run on silence, and its own copy of
the registry. Hears `registry.changed`, `warning.*`, `delivery.reported` and `station.seen`; says `plan.made`,
`delivery.requested` and `delivery.withdrawn`. A plan is the manifest that was pinned when the warning was
submitted, nothing else; whoever does not answer is called beside it.
"""
