"""Shopkeeper: the self-hosted AI layer of a retailer with several online stores."""

__version__ = "0.1.0"
