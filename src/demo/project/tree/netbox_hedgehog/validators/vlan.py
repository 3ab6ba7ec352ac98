"""VLAN rules of the fabric's admission webhooks."""

from django.core.exceptions import ValidationError


def ranges_of(fabric, namespace):
    """The (first, last) pairs of a VLANNamespace, sorted."""
    found = fabric.vlan_namespaces.filter(name=namespace).first()
    if found is None:
        raise ValidationError(f"VLANNamespace {namespace!r} does not exist on {fabric}.")
    return sorted((entry["from"], entry["to"]) for entry in found.ranges)


def check_vlan(fabric, namespace, vlan, where):
    """Raises unless the VLAN lies in the namespace and no other subnet of the fabric has it."""
    if vlan is None:
        raise ValidationError(f"{where}: a subnet needs a VLAN.")
    ranges = ranges_of(fabric, namespace)
    if not any(first <= vlan <= last for first, last in ranges):
        listed = ", ".join(f"{first}-{last}" for first, last in ranges)
        raise ValidationError(f"{where}: VLAN {vlan} is outside of {namespace} ({listed}).")
    for vpc in fabric.vpcs.filter(vlan_namespace=namespace):
        for name, subnet in vpc.subnets.items():
            if subnet.get("vlan") == vlan and f"{vpc.name}/{name}" != where:
                raise ValidationError(f"{where}: VLAN {vlan} is already used by {vpc.name}/{name}.")
