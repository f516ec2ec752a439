"""What the router decides, as values: whom an area holds, what a manifest lists, how a plan is cut."""
