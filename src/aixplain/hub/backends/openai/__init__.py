"""Services that speak OpenAI, as models of this hub: Ollama, vLLM, llama.cpp, LM Studio, OpenAI, Groq, Mistral and others.

upstream.py     one service: requests to it, and its failures in the protocol's numbers
chat.py         text generation, whole and in pieces, over chunks.py and messages.py
embeddings.py   texts as vectors
speech.py       sound to text and back, over form.py
images.py       texts as pictures
parameters.py   what each of these takes
listing.py      the list of a service's models, and what each of them does
entries.py      catalog entries of all this
"""
