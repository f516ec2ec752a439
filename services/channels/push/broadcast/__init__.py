"""Emergency broadcast (应急广播): EBD packets to the district's broadcast platform, and its answers.

`site` what one platform and we agreed on, `ids` the numbers, `packet` the XML, `signature` the signature
file, `archive` the tar, `answers` what comes back. All of it pure: bytes in, bytes out.
"""
