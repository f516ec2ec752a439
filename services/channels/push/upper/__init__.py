"""The 12379 platform above us: a zip is put into a folder, an acknowledgement comes back.

`parcel` what is sent, `ack` what comes back, `exchange` the folder, `ftp` the folder on a server, `adapter`
the order of things, so that nothing is sent twice.
"""
