"""NetBox → git."""

import logging
from pathlib import Path

import git
import yaml

log = logging.getLogger(__name__)


class PushRejected(Exception):
    """The remote has commits that we do not have."""


class Directory:
    """The GitOps directory of one fabric."""

    def __init__(self, repository, directory):
        self.repo = git.Repo(repository)
        self.path = Path(repository) / directory / "managed"

    def write(self, obj):
        manifest = obj.manifest()
        folder = self.path / f"{manifest['kind'].lower()}s"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{manifest['metadata']['name']}.yaml"
        file.write_text(yaml.safe_dump(manifest, sort_keys=False), encoding="utf-8")
        return file

    def commit(self, files, message, author):
        self.repo.index.add([str(file) for file in files])
        if not self.repo.index.diff("HEAD"):
            return None
        return self.repo.index.commit(message, author=git.Actor(author, f"{author}@hnp.invalid"))

    def push(self):
        result = self.repo.remotes.origin.push()[0]
        if result.flags & result.REJECTED:
            raise PushRejected(result.summary)
