"""Cluster → NetBox."""

from kubernetes import client, config, watch

GROUPS = {
    "vpc.githedgehog.com": ("vpcs", "vpcattachments", "vpcpeerings", "ipv4namespaces", "externals"),
    "wiring.githedgehog.com": ("connections", "switches", "servers", "vlannamespaces"),
}


def live_objects(context):
    """Every Hedgehog object of a cluster, with what only the server knows left out."""
    api = client.CustomObjectsApi(config.new_client_from_config(context=context))
    for group, plurals in GROUPS.items():
        for plural in plurals:
            listing = api.list_namespaced_custom_object(group, "v1beta1", "default", plural)
            for item in listing["items"]:
                item["metadata"].pop("managedFields", None)
                yield item


def follow(context, group, plural, since, timeout=50):
    """Watches one kind; returns when the server ends the watch, so that the caller lists again."""
    api = client.CustomObjectsApi(config.new_client_from_config(context=context))
    stream = watch.Watch().stream(
        api.list_namespaced_custom_object, group, "v1beta1", "default", plural,
        resource_version=since, timeout_seconds=timeout,
    )
    for event in stream:
        yield event["type"], event["object"]
