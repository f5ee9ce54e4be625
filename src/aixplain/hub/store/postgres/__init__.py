"""The stores in a PostgreSQL database, which any number of hubs and workers share."""
