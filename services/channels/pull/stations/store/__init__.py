"""Tables and queries of the stations house: `tables`, `items`, `deliveries`, `stations`."""
