"""Hedgehog fabrics in NetBox."""

from netbox.plugins import PluginConfig

__version__ = "0.8.1"


class HedgehogConfig(PluginConfig):
    name = "netbox_hedgehog"
    verbose_name = "Hedgehog"
    description = "Hedgehog fabrics in NetBox"
    version = __version__
    base_url = "hedgehog"
    min_version = "4.0.0"
    default_settings = {"commit_author": "netbox-sync", "grace_seconds": 300}


config = HedgehogConfig
