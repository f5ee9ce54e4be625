"""Many inputs through one model: the plan, its bookkeeping, and a walk in each colour."""
