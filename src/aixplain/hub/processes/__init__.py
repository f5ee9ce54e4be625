"""Models in processes of their own: what they do with memory, time or signals hurts neither the hub nor one another."""
