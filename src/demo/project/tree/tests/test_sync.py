import pytest

from netbox_hedgehog.sync.git import Directory, PushRejected

pytestmark = pytest.mark.django_db


def test_an_unchanged_object_makes_no_commit(directory, vpc_ml):
    files = [directory.write(vpc_ml)]
    assert directory.commit(files, "sync", "netbox-sync") is not None
    assert directory.commit(files, "sync", "netbox-sync") is None


def test_a_lost_race_is_tried_once_more(directory, other_clone, vpc_ml):
    other_clone.commit_and_push("README.md", "moved")
    directory.commit([directory.write(vpc_ml)], "sync", "netbox-sync")
    with pytest.raises(PushRejected):
        directory.push()


def test_last_synced_is_not_in_the_manifest(vpc_ml):
    assert "annotations" not in vpc_ml.manifest()["metadata"]
