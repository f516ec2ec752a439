"""What is done with stations, one function per verb; each runs in the transaction that it is given."""
