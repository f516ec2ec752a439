"""The world in small: stations, telecom gateways, a broadcast platform, a head-end, WeChat, an app vendor.

They speak the public contracts only and misbehave as real ones do; `python -m sandbox CONFIG` runs them.
No service imports this, and nothing here imports a service.
"""
