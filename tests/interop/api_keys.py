"""What an administrator does with the official package's keys. Runs where that package is installed, and prints JSON."""

from __future__ import annotations

import inspect
import json
from datetime import datetime
from typing import Any

from aixplain.v2 import Aixplain
from aixplain.v2.api_key import APIKeyLimits

#: The releases have different names for a model that is limited.
MODEL = next(name for name in inspect.signature(APIKeyLimits).parameters if name.startswith("model"))


def secret_of(key: Any) -> str:
    told = key.to_dict()
    return str(told.get("key") or told["accessKey"])


aix = Aixplain()
whole = APIKeyLimits(token_per_minute=100, token_per_day=1000, request_per_minute=10, request_per_day=100)
of_model = APIKeyLimits(request_per_day=4, **{MODEL: "acme/shout"})
made = aix.APIKey(name="ada", budget=10, expires_at=datetime(2130, 1, 1), global_limits=whole, asset_limits=[of_model]).save()
secret = secret_of(made)
found = aix.APIKey.get(made.id)
found.name = "bob"
found.save()
member = Aixplain(api_key=secret)
output = member.Model.get("acme/shout").run(text="hi").data
known = aix.APIKey.get_by_access_key(secret)
try:
    member.APIKey.list()
    refused = "nothing"
except Exception as error:  # whatever it raises is what is asked for
    refused = str(error)
report = {
    "secret": secret[:5],
    "name": found.name,
    "budget": found.budget,
    "whole": found.global_limits.request_per_day,
    "of model": found.asset_limits[0].request_per_day,
    "known": known.id == made.id,
    "listed": [key.name for key in aix.APIKey.list()],
    "output": output,
    "used": [each.daily_request_count for each in known.get_usage()],
    "may": [each.daily_request_limit for each in member.APIKey.get_usage_limits()],
    "refused": refused,
}
known.delete()
print(json.dumps({**report, "left": [key.name for key in aix.APIKey.list()]}))
