"""Vendors whose protocol is not OpenAI's, through any-llm (the extra `vendors`): Anthropic, Gemini, Bedrock, Cohere and others.

vendor.py       one vendor: the library's client of it, opened when it is first asked
failures.py     what the library raises, in the protocol's numbers
chat.py         text generation, whole and in pieces, over openai/chunks.py and openai/messages.py
embeddings.py   texts as vectors
dialects.py     what differs from vendor to vendor
entries.py      the list of a vendor's models, and their catalog entries
"""
