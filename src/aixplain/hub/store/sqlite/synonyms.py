"""Common terms for what models do, as people type them, and the functions and names that they stand for."""

from __future__ import annotations

#: The functions of a row -> the terms that stand for them. A term of several words is found as a phrase.
_FUNCTIONS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("text-generation",),
        (
            "llm", "slm", "chat", "chatbot", "chat bot", "chatting", "chat completion", "chat model", "language model",
            "large language model", "text generation", "generate text", "conversation", "conversational", "instruct",
            "completion", "text completion", "assistant", "write text",
        ),
    ),
    (
        ("speech-recognition", "multilingual-speech-recognition"),
        (
            "stt", "asr", "speech to text", "speech2text", "voice to text", "audio to text", "speech recognition",
            "voice recognition", "automatic speech recognition", "transcribe", "transcription", "transcriber", "transcript",
            "dictation", "dictate",
        ),
    ),
    (
        ("speech-synthesis", "text-to-audio"),
        (
            "tts", "text to speech", "text2speech", "text to voice", "text to audio", "speech synthesis", "speech generation",
            "voice generation", "voice synthesis", "speech synthesizer", "synthesize speech", "generate speech", "read aloud",
            "voiceover", "voice over", "narration",
        ),
    ),
    (
        ("ocr", "text-detection", "document-image-parsing"),
        (
            "ocr", "optical character recognition", "character recognition", "text recognition", "image to text",
            "picture to text", "read text from images", "pdf to text", "handwriting recognition",
        ),
    ),
    (
        ("translation",),
        ("mt", "nmt", "machine translation", "translate", "translator", "translation", "interpreter"),
    ),
    (("speech-translation",), ("speech to speech", "speech translation", "spoken translation")),
    (
        ("text-summarization", "summarization"),
        ("summarize", "summarizer", "summarization", "summary", "tldr", "tl dr", "abstract", "condense", "shorten text"),
    ),
    (
        ("sentiment-analysis", "entity-sentiment-analysis"),
        ("sentiment", "sentiment analysis", "opinion mining", "polarity", "mood detection"),
    ),
    (("emotion-detection", "audio-emotion-detection"), ("emotion", "emotion detection", "emotion recognition")),
    (
        ("text-embedding",),
        (
            "embed", "embedding", "embedder", "text embedding", "sentence embedding", "vector", "vectorize", "vectorizer",
            "semantic search", "sentence similarity", "text similarity",
        ),
    ),
    (("image-embedding",), ("image embedding", "image similarity")),
    (
        ("text-to-image-generation",),
        (
            "txt2img", "text2image", "t2i", "text to image", "image generation", "image generator", "generate image",
            "picture generation", "create image", "draw", "paint", "ai art", "diffusion",
        ),
    ),
    (
        ("text-to-video-generation", "video-generation", "image-to-video-generation"),
        ("txt2vid", "text to video", "video generation", "generate video", "image to video"),
    ),
    (("image-captioning",), ("caption", "captioning", "image caption", "image description", "describe image")),
    (("image-analysis", "image-and-video-analysis", "visual-question-answering"), ("vlm", "vision", "image understanding")),
    (("visual-question-answering",), ("vqa", "visual question answering")),
    (("question-answering", "table-question-answering"), ("qa", "q a", "question answering", "answer question")),
    (("named-entity-recognition",), ("ner", "entity recognition", "entity extraction", "named entity", "extract entity")),
    (
        ("language-identification", "detect-language-from-text", "language-identification-audio"),
        ("lid", "langid", "language detection", "language detector", "detect language", "identify language"),
    ),
    (
        ("text-content-moderation", "image-content-moderation", "offensive-language-identification", "guardrails"),
        ("moderation", "moderate", "toxicity", "toxic", "hate speech", "nsfw", "profanity", "guardrail", "safety filter"),
    ),
    (("text-spam-detection",), ("spam", "spam filter", "spam detection")),
    (("speaker-diarization-audio", "speaker-diarization-video"), ("diarize", "diarization", "speaker separation")),
    (("voice-activity-detection", "speech-non-speech-classification"), ("vad", "voice activity", "silence detection")),
    (("voice-cloning",), ("voice clone", "voice cloning", "clone voice")),
    (("keyword-extraction",), ("keyword", "key word", "key phrase", "keyphrase", "tagging")),
    (("paraphrasing",), ("paraphrase", "rephrase", "reword", "rewrite")),
    (("part-of-speech-tagging",), ("pos", "pos tagging", "part of speech")),
    (("noise-removal",), ("denoise", "noise removal", "noise reduction", "noise suppression", "speech enhancement")),
    (("text-classification", "zero-shot-classification"), ("classify", "classifier", "categorize", "text classification")),
    (("topic-classification", "topic-modeling"), ("topic", "topic detection")),
    (("object-detection",), ("detect object", "object detection", "object recognition")),
    (("facial-recognition",), ("face", "face recognition", "face detection")),
    (("subtitling", "subtitling-translation"), ("subtitle", "subtitling", "closed caption")),
)  # fmt: skip
#: What a vendor's models are called, where neither the path nor the description names the vendor.
_FAMILIES = {
    "openai": ("gpt", "whisper", "dall"),
    "chatgpt": ("gpt",),
    "anthropic": ("claude",),
    "google": ("gemini", "gemma"),
    "meta": ("llama",),
    "facebook": ("llama",),
    "microsoft": ("phi",),
    "alibaba": ("qwen",),
    "mistral": ("mixtral", "codestral"),
    "mistralai": ("mistral", "mixtral"),
    "xai": ("grok",),
    "huggingface": ("smollm",),
}


def _matches(functions: tuple[str, ...]) -> str:
    phrases = " OR ".join(f'"{function.replace("-", " ")}"' for function in functions)
    return f"function : ({phrases})"


#: A term, its words apart -> what else matches it, as a query of the index.
MATCHES: dict[tuple[str, ...], str] = {
    **{tuple(term.split()): _matches(functions) for functions, terms in _FUNCTIONS for term in terms},
    **{(vendor,): " OR ".join(f'"{name}"*' for name in names) for vendor, names in _FAMILIES.items()},
}
LONGEST_TERM = max(map(len, MATCHES))
#: The words of all terms, which a misspelt word is compared with beside those of the catalog.
WORDS = frozenset(word for term in MATCHES for word in term)
