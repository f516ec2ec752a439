"""The desk of newsrooms (radio, television, newspapers): what to read out, and who has aired it and when.

It owns the read-outs and what newsrooms told of them; it hears its channel's requests, every end of a warning
and the newsrooms in the registry; it reports that a newsroom has fetched a text, and that it was on the air.
"""
