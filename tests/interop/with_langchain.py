"""What people do with langchain-openai. Runs where that is installed, and prints JSON. Takes the address of a hub."""

from __future__ import annotations

import json
import sys
from typing import Any

import openai
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

HUB = {"base_url": f"{sys.argv[1]}/v1", "api_key": "a-key"}


def chat(model: str, **settings: Any) -> ChatOpenAI:
    return ChatOpenAI(model=model, **HUB, **settings)


@tool
def shout(text: str) -> str:
    """Says it louder."""
    return text.upper() + "!"


class Greeting(BaseModel):
    """A greeting."""

    word: str


llm = chat("acme/llm")
asked = HumanMessage("hi")
calling = llm.bind_tools([shout]).invoke([asked])
results = [shout.invoke(call) for call in calling.tool_calls]
refused = ""
try:
    chat("acme/shout").invoke([SystemMessage("Be brief."), asked])
except openai.BadRequestError as error:
    refused = str(error)
print(
    json.dumps(
        {
            "invoke": llm.invoke([asked]).content,
            "usage": llm.invoke([asked]).usage_metadata,
            "function": chat("acme/shout").invoke([asked]).content,
            "stream": [piece.content for piece in chat("acme/count").stream("hi")],
            "calls": [(call["name"], call["args"]) for call in calling.tool_calls],
            "streamed calls": [call["name"] for piece in llm.bind_tools([shout]).stream("hi") for call in piece.tool_calls],
            "after the calls": llm.bind_tools([shout]).invoke([asked, calling, *results]).content,
            "structured": llm.with_structured_output(Greeting, method="json_schema").invoke([asked]).word,
            "vectors": OpenAIEmbeddings(model="acme/vectors", check_embedding_ctx_length=False, **HUB).embed_documents(
                ["a", "bc"]
            ),
            "refused": refused,
        }
    )
)
