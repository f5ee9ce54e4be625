"""Who watches an operation: the log, and OpenTelemetry."""
