"""What a model takes: values by name, the form that checks them, the signature that shows them."""
