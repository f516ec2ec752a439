"""The case folder: everything the ledger holds of one warning in one zip, to be read and verified offline.

Every file in it but the index and the words on verifying can be computed anew from the records in it.
"""
