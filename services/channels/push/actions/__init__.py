"""What the engine does with deliveries: one function for each verb, one transaction in each."""
