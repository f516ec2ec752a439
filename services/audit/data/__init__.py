"""The rules that are data: what is kept how long, the formulas of rates, the yardsticks of a month."""
