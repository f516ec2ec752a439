"""WeChat: a template message to each follower of a sealed batch, and the events that come later.

`codes` what WeChat's error codes mean, `fields` the digest that fits into a template, `token` the one access
token, `client` one call, `pace` who is called next, `quota` how many are left today, `adapter` the sending,
`events` what WeChat posts to us, `api` where it posts it; `mass` sends digests and drills to many, `mass_api`
where they are asked for.
"""
