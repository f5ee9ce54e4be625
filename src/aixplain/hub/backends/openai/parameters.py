"""What the models of a service that speaks OpenAI take, as the catalog tells it.

Ranges of numbers are left to the service: they differ, and some give a meaning to values such as -1.
"""

from __future__ import annotations

from collections.abc import Sequence

from aixplain._wire.messages import Parameter


def _input(
    name: str,
    kind: str,
    description: str,
    *,
    required: bool = False,
    several: bool = False,
    options: Sequence[str] = (),
) -> Parameter:
    return Parameter(
        name,
        required=required,
        multiple_values=several,
        data_type="text" if kind == "number" else kind,  # as the platform declares numbers
        data_sub_type=kind,
        available_options=[{"value": option, "label": option} for option in options],
        description=description,
    )


CHAT = (
    _input("text", "text", "What the model is asked, as the last message of the user.", required=True),
    _input("context", "text", "How the model is to behave: the message of the system."),
    _input("prompt", "text", "What stands before the text in the same message, such as a task for it."),
    _input("history", "json", 'The conversation so far: [{"role": "user", "content": "…"}, …].'),
    _input("data", "json", "In place of the text: a text, or the messages of a conversation."),
    _input("messages", "json", "In place of the text: the messages of a conversation, as OpenAI's clients send them."),
    _input("temperature", "number", "How freely it chooses its words: 0 is the most likely ones."),
    _input("max_tokens", "number", "The most tokens that the answer may have."),
    _input("max_completion_tokens", "number", "The same, its reasoning included, where a model wants it so."),
    _input("top_p", "number", "Chooses among the words that together are this likely."),
    _input("top_k", "number", "Chooses among so many words, where the upstream takes it."),
    _input("min_p", "number", "Leaves out words less likely than this share of the likeliest one's, where it is taken."),
    _input("frequency_penalty", "number", "Discourages words the more often they came."),
    _input("presence_penalty", "number", "Discourages words that came already."),
    _input("logit_bias", "json", "Tokens to encourage or discourage, by their number: from -100 to 100."),
    _input("stop", "text", "The answer ends before one of these texts.", several=True),
    _input("seed", "number", "The same seed gives the same answer, as far as the upstream can."),
    _input("n", "number", "How many alternatives are answered."),
    _input("tools", "json", "The functions that the model may call, in OpenAI's shape."),
    _input("tool_choice", "json", "auto, none, required, or the one function that is to be called."),
    _input("parallel_tool_calls", "boolean", "Whether it may call several functions at once."),
    _input("response_format", "json", 'What the answer is: {"type": "json_object"}, or json_schema with a schema.'),
    _input("reasoning_effort", "text", "How long a model that reasons does so: minimal, low, medium, high."),
    _input("logprobs", "boolean", "Tell how likely each token of the answer was."),
    _input("top_logprobs", "number", "With it, so many alternatives to each token."),
    _input("user", "text", "Who asks, as a name that tells the upstream one user from another."),
    _input("extra_body", "json", "Further keys that the upstream takes, as an object."),
)
EMBEDDING = (
    _input("text", "text", "The text, or several of them.", required=True, several=True),
    _input("dimensions", "number", "How long the vectors are to be, where the model can choose."),
    _input("extra_body", "json", "Further keys that the upstream takes, as an object, such as input_type."),
)
TRANSCRIPTION = (
    _input("source_audio", "audio", "The sound.", required=True),
    _input("language", "text", "The language that is spoken, as a code such as en; without it the model finds out."),
    _input("prompt", "text", "Words or names that occur, or the text that came before."),
    _input("temperature", "number", "How freely it guesses."),
)
SPEECH = (
    _input("text", "text", "What is to be said.", required=True),
    _input("voice", "text", "Whose voice; the upstream has names for them."),
    _input("instructions", "text", "How it is to be said, where the model takes such."),
    _input("response_format", "label", "The format of the sound.", options=("mp3", "wav", "opus", "aac", "flac", "pcm")),
    _input("speed", "number", "How fast, 1 being usual."),
)
IMAGES = (
    _input("text", "text", "What is to be seen.", required=True),
    _input("size", "text", "Width and height, such as 1024x1024."),
    _input("n", "number", "How many pictures."),
    _input("quality", "text", "How fine, in the upstream's words."),
    _input("style", "text", "In which style, in the upstream's words."),
    _input("background", "text", "What is behind, in the upstream's words, such as transparent."),
)
