"""VPCs and their attachments."""

from django.core.exceptions import ValidationError
from django.db import models
from netbox.models import NetBoxModel

from ..validators.vlan import check_vlan

NAME_LIMIT = 11


class VPC(NetBoxModel):
    fabric = models.ForeignKey("HedgehogFabric", on_delete=models.CASCADE, related_name="vpcs")
    name = models.CharField(max_length=NAME_LIMIT)
    ipv4_namespace = models.CharField(max_length=63, default="default")
    vlan_namespace = models.CharField(max_length=63, default="default")
    subnets = models.JSONField(default=dict)

    def clean(self):
        super().clean()
        if len(self.name) > NAME_LIMIT:
            raise ValidationError({"name": f"The fabric takes at most {NAME_LIMIT} characters."})
        for name, subnet in self.subnets.items():
            check_vlan(self.fabric, self.vlan_namespace, subnet.get("vlan"), where=f"{self.name}/{name}")

    def manifest(self):
        return {
            "apiVersion": "vpc.githedgehog.com/v1beta1",
            "kind": "VPC",
            "metadata": {"name": self.name},
            "spec": {
                "ipv4Namespace": self.ipv4_namespace,
                "vlanNamespace": self.vlan_namespace,
                "subnets": self.subnets,
            },
        }
