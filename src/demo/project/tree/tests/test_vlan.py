import pytest
from django.core.exceptions import ValidationError

from netbox_hedgehog.validators.vlan import check_vlan


@pytest.mark.parametrize("vlan", [1000, 1500, 2999])
def test_inside_the_namespace(fabric, vlan):
    check_vlan(fabric, "default", vlan, where="vpc-x/a")


@pytest.mark.parametrize("vlan", [1, 999, 3000, 4094])
def test_outside_of_the_namespace(fabric, vlan):
    with pytest.raises(ValidationError, match="outside of default"):
        check_vlan(fabric, "default", vlan, where="vpc-x/a")


def test_a_vlan_is_used_once(fabric, vpc_ml):
    with pytest.raises(ValidationError, match="already used by vpc-ml/gpu"):
        check_vlan(fabric, "default", 1012, where="vpc-x/a")
