"""The hub as clients of OpenAI know it, under /v1.

routes.py       the addresses
requests.py     what a client asks of a chat, as the inputs of a run
completions.py  the answer of a run, as a client of a chat expects it: whole, or in chunks
embeddings.py   vectors of texts
listing.py      the models
errors.py       what is refused, in these clients' shape
"""
