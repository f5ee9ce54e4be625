"""The suppliers that the platform knows. Facts of the platform, read on 2026-11-01."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from aixplain.v2._words.wire_enum import WireEnum


class Supplier(WireEnum):
    """Who supplies a model. A supplier that is not here stays a string.

    >>> Supplier.OPENAI.value, Supplier.OPENAI.id
    ('openai', 1777)
    """

    id: int
    label: str
    """The name that people read."""

    def __new__(cls, code: str, id: int, label: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.id = id
        member.label = label
        return member

    def _names(self) -> Iterator[Any]:
        yield from (self.value, self.name, self.id, self.label)

    AIXPLAIN = ("aixplain", 1, "aixplain")
    APLICATA = ("aplicata", 1409, "aplicata")
    APPTEK = ("apptek", 1797, "AppTek2")
    APPTEK_SPACETOON = ("apptek-spacetoon", 1796, "AppTek-SpaceToon")
    AWS = ("aws", 1763, "AWS")
    AZURE = ("azure", 1766, "Microsoft")
    BAAI = ("BAAI", 29643, "Beijing Academy of Artificial Intelligence")
    BRITISHTELECOM = ("britishtelecom", 1767, "British Telecom")
    CANOPY_LABS = ("canopy-labs", 29334, "Canopy Labs")
    CEREBRAS = ("cerebras", 19790, "Cerebras")
    COHERE = ("cohere", 25059, "Cohere")
    COMPOSIO = ("composio", 29342, "Composio")
    CORE42 = ("core42", 12371, "Core42")
    CREWAI = ("crewai", 16094, "CrewAI")
    DEEPGRAM = ("deepgram", 1799, "Deepgram")
    DEEPINFRA = ("deepinfra", 20164, "Deep Infra")
    EBAY = ("ebay", 1800, "eBay")
    ELEVENLABS = ("elevenlabs", 10482, "ElevenLabs")
    FANAR = ("fanar", 32961, "Fanar")
    FIRECRAWL = ("firecrawl", 20131, "Firecrawl")
    FIREWORKS_AI = ("fireworks-ai", 17852, "Fireworks AI")
    GOOGLE = ("google", 1769, "google")
    GROQ = ("groq", 6839, "Groq")
    GROQ_KSA = ("groq-ksa", 25579, "Groq KSA")
    HOUNDIFY = ("houndify", 1770, "houndify")
    HUGGINGFACE = ("huggingface", 1771, "huggingface")
    HUME_AI = ("hume-ai", 17905, "Hume AI")
    IBM = ("ibm", 10931, "IBM")
    IDENTV = ("identv", 1801, "IdenTV")
    JINA_AI = ("jina-ai", 26964, "Jina Ai")
    KATEB = ("kateb", 1772, "kateb")
    KLANGOO = ("klangoo", 1773, "klangoo")
    LAMBDA_AI = ("lambda-ai", 32839, "Lambda Ai")
    LARA_TRANSLATE = ("lara-translate", 34640, "Lara Translate")
    LUMA_AI = ("luma-ai", 24593, "Luma AI")
    MARITACA_AI = ("maritaca-ai", 17296, "Maritaca AI")
    META = ("meta", 1768, "meta")
    MISTRALAI = ("mistralai", 14770, "Mistral AI")
    MODERMT = ("modermt", 1775, "modermt")
    MOONSHOT_AI = ("moonshot-ai", 37644, "Moonshot AI")
    MYSHELL = ("myshell", 11238, "MyShell AI")
    NVIDIA = ("nvidia", 1776, "NVIDIA")
    OPENAI = ("openai", 1777, "OpenAI")
    OPENWEATHER = ("openweather", 16249, "OpenWeather")
    PANGEANIC = ("pangeanic", 1802, "Pangeanic")
    PARADIGM_NETWORKS = ("paradigm-networks", 29093, "Paradigm Networks")
    PICOVOICE = ("picovoice", 1778, "picovoice")
    PLAYHT = ("playht", 14573, "PlayHT")
    PURETALKAI = ("puretalkai", 1779, "puretalkai")
    PYANNOTE = ("pyannote", 1780, "pyannoteAI")
    QCRI = ("qcri", 1803, "QCRI")
    RAMSA = ("ramsa", 1804, "Ramsa")
    RDI = ("rdi", 1805, "RDI")
    RESEMBLEAI = ("resembleai", 14588, "Resemble AI")
    REVAI = ("revai", 1781, "revai")
    SACREBLEU = ("sacrebleu", 1782, "sacrebleu")
    SAMBANOVA = ("sambanova", 17861, "SambaNova")
    SAUTECH = ("sautech", 1783, "sautech")
    SCALESERP = ("scaleserp", 10473, "Scale SERP")
    SDAIA = ("sdaia", 210, "sdaia")
    SERPAPI = ("serpapi", 65776, "SerpApi")
    SESAME_AI_LABS = ("sesame-ai-labs", 29337, "Sesame AI Labs")
    SPEECHMATICS = ("speechmatics", 10930, "Speechmatics")
    STABILITYAI = ("stabilityai", 1784, "Stability AI")
    STREAMN = ("streamn", 1785, "streamn")
    SUKOON = ("sukoon", 1806, "Sukoon")
    TARJAMA = ("tarjama", 22755, "Tarjama")
    TAVILY = ("tavily", 19379, "Tavily")
    TIMECHAT = ("timechat", 11688, "TimeChat")
    TOGETHER_AI = ("together-ai", 17845, "Together AI")
    TREATMENT = ("treatment", 1807, "Treatment")
    UNBABEL = ("unbabel", 1808, "Unbabel")
    UNIVERSITYOFHELSINKI = ("universityofhelsinki", 1786, "universityofhelsinki")
    VECTARA = ("vectara", 2927, "Vectara")
    VOYAGE_AI = ("voyage-ai", 25056, "Voyage AI")
    VUMICHIEN = ("vumichien", 1787, "vumichien")
    WIKIPEDIA = ("wikipedia", 11150, "Wikipedia")
    XAI = ("xai", 24097, "xAI")
    YDSHIEH = ("ydshieh", 1788, "ydshieh")
    YOURTTS = ("yourtts", 1789, "yourtts")
