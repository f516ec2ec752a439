"""The verbs of the router: copy, preview, plan, end, hear, sweep."""
