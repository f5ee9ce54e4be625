"""What a run costs: credits from tokens, seconds and requests. What is not known is not zero."""

from __future__ import annotations

from typing import Any

import msgspec

from aixplain._wire.messages import Usage


class Price(msgspec.Struct, frozen=True, omit_defaults=True):
    """Credits a token that goes in and that comes out, a second of sound, a request; None for what isn't charged.

    The names are those of the price lists that people keep.
    """

    input_cost_per_token: float | None = None
    output_cost_per_token: float | None = None
    input_cost_per_second: float | None = None
    input_cost_per_request: float | None = None

    def credits(self, usage: Usage | None, seconds: float | None) -> float | None:
        """What a run cost; None when what it is charged by isn't known.

        >>> Price(0.5, 2.0).credits(Usage(10, 1), None)
        7.0
        >>> Price(0.5, 2.0).credits(None, None) is None
        True
        """
        used = usage or Usage()
        charged = (
            (self.input_cost_per_token, used.prompt_tokens),
            (self.output_cost_per_token, used.completion_tokens),
            (self.input_cost_per_second, seconds),
            (self.input_cost_per_request, 1),
        )
        costs = [(cost, amount) for cost, amount in charged if cost is not None]
        if not costs or any(amount is None and cost > 0 for cost, amount in costs):
            return None
        return sum(cost * (amount or 0) for cost, amount in costs)

    def pricing(self) -> dict[str, Any]:
        """The catalog's words for it: the price of what goes in, where there are several.

        >>> Price(output_cost_per_token=0.5).pricing()
        {'price': 500.0, 'unitType': 'TOKEN', 'unitTypeScale': 'K'}
        """
        token = self.output_cost_per_token if self.input_cost_per_token is None else self.input_cost_per_token
        if token is not None:
            return {"price": token * 1000, "unitType": "TOKEN", "unitTypeScale": "K"}
        if self.input_cost_per_second is not None:
            return {"price": self.input_cost_per_second, "unitType": "SECOND", "unitTypeScale": None}
        return {"price": self.input_cost_per_request, "unitType": "REQUEST", "unitTypeScale": None}


FREE = Price(input_cost_per_request=0.0)
UNKNOWN = {"price": None, "unitType": None, "unitTypeScale": None}
