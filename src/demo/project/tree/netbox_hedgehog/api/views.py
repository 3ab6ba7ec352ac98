"""REST API."""

from netbox.api.viewsets import NetBoxModelViewSet
from rest_framework.decorators import action
from rest_framework.response import Response

from ..drift.compare import differences
from ..models.fabric import HedgehogFabric
from .serializers import FabricSerializer


class FabricViewSet(NetBoxModelViewSet):
    queryset = HedgehogFabric.objects.all()
    serializer_class = FabricSerializer

    @action(detail=True, methods=["get"])
    def drift(self, request, pk=None):
        fabric = self.get_object()
        rows = [
            {"object": str(pair), "fields": [vars(d) for d in differences(pair.desired, pair.live)]}
            for pair in fabric.pairs()
        ]
        return Response({"fabric": fabric.name, "objects": [row for row in rows if row["fields"]]})
