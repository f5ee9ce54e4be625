"""HTTP/1.1 over sockets, as far as this client needs it: one transport that blocks, one on asyncio.

    requests.py    a request as bytes
    answers.py     bytes as an answer, by the parser of Node.js
    routes.py      where an address is reached: directly, or by a proxy
    secure.py      whom a secure connection trusts
    wires.py       a connected socket, plain or secure
    blocking.py    connections and transport of the blocking colour
    loops.py       the transport of asyncio, over loop_connections.py

Measured against the libraries that were tried (`bench/run_sync.py`): half the CPU of the fastest one, because a request is
sent and its answer read in the caller's own thread. So Ctrl-C, forks, deadlines and the end of the program need no care.
"""
