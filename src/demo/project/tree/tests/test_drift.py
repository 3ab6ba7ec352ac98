from netbox_hedgehog.drift.compare import Difference, differences


def test_what_the_webhooks_add_is_no_drift():
    desired = {"subnets": {"gpu": {"subnet": "10.10.2.0/24", "vlan": 1012}}}
    live = {"subnets": {"gpu": {"subnet": "10.10.2.0/24", "vlan": 1012, "gateway": "10.10.2.1"}}}
    assert list(differences(desired, live)) == []


def test_a_changed_field_is_drift_with_both_values():
    desired = {"subnets": {"gpu": {"vlan": 1012}}}
    live = {"subnets": {"gpu": {"vlan": 1042}}}
    assert list(differences(desired, live)) == [Difference(".subnets.gpu.vlan", 1012, 1042)]


def test_go_zero_values_equal_absent_ones():
    assert list(differences({"isolated": False, "permit": []}, {})) == []
