"""The verbs of the gateways' house, one file for each, one transaction in each."""
