"""The public feed: CAP Atom feed, each warning's CAP bytes unchanged, what is in force as GeoJSON and page.

It owns the entries of the feed; it hears its channel's requests and every end of a warning; it reports
that the feed carries a revision. Readers never touch the database: the rendered feed is kept in memory.
"""
