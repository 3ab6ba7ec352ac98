"""A fabric: one GitOps directory and at most one cluster."""

from django.db import models
from netbox.models import NetBoxModel


class DriftStatus(models.TextChoices):
    SYNCED = "synced", "Synced"
    PENDING = "pending", "Pending"
    DRIFTED = "drifted", "Drifted"
    UNKNOWN = "unknown", "Unknown"


class HedgehogFabric(NetBoxModel):
    name = models.CharField(max_length=64, unique=True)
    git_repository = models.CharField(max_length=255)
    gitops_directory = models.CharField(max_length=255)
    kube_context = models.CharField(max_length=128, blank=True)
    drift_status = models.CharField(max_length=16, choices=DriftStatus.choices, default=DriftStatus.UNKNOWN)
    drift_checked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=("git_repository", "gitops_directory"), name="one_fabric_per_directory"),
        ]

    def __str__(self):
        return self.name
