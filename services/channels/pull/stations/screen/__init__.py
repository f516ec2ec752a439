"""What the station screen needs of the house: its rules as data, the keys it trusts, its own files."""
