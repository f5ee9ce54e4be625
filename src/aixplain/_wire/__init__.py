"""The aiXplain v2 protocol as pure functions and records: no I/O, no settings.

The SDK and the hub both speak through this package, so that they cannot disagree.
"""
