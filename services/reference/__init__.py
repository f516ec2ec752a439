"""Programs for vendors to read and run: how a device speaks our contract, and nothing more."""
