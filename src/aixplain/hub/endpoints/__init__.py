"""The outlets: each turns HTTP into a call of the service, and its answer into HTTP."""
