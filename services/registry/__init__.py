"""The registry: places, stations, people, gateways, accounts and keys of the district.

It owns who and where; it hears the presence of stations; it says what changed, in content-addressed
blocks, one for each village and town and one for the district. A registry that is down stops no warning:
the router and the channels keep their own copies.
"""
