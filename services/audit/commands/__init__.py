"""`yutian audit`: what an auditor types."""
