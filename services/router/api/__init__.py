"""The public face of the router: preview, plans, the copy of the registry."""
