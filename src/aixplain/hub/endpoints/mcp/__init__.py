"""The models as tools of the Model Context Protocol: one at /mcp/{id or path}, all of them at /mcp.

outlet.py    the addresses; loads the rest with the first request
server.py    what the protocol asks, over the package `mcp`
calls.py     the calls that go on
contents.py  a model as a tool, and its answer as a tool's
"""
