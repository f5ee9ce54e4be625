"""Language identification."""
from aixplain.hub.backends.functions import Models

models = Models()
