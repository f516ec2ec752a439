"""Cable television (有线电视): orders to the head-end, which puts text on the screens and counts the boxes.

`order` what an order says, `adapter` how it travels. Where a head-end takes EBD packets, it is a broadcast
platform and this is not needed.
"""
