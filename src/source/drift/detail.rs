//! One object looked at closely: its versions with who made them, git and live side by side, and its file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use git2::{Oid, Repository};

use super::read::GitSide;
use crate::config::session::FabricSpec;
use crate::domain::cluster::{Connection, LiveObject, LiveSet};
use crate::domain::drift::{DriftDetail, Excerpt, ObjectKey, same_desire, side_by_side, version_lines};
use crate::domain::fault::Fault;
use crate::domain::manifest::{Manifest, load};
use crate::domain::redact::Redactor;

/// Bytes of a file that are shown at most.
const BYTES: u64 = 256 * 1024;
/// Lines of a file that are shown at most, and how many of them stand before the object.
const LINES: usize = 2_000;
const BEFORE: usize = 200;

/// Looks at an object. `key` is as the screen has it, without secrets; everything that is answered is without them, too.
/// Fails when neither git nor the cluster has the object. Blocks.
pub(super) fn detail(
    spec: &FabricSpec,
    side: &GitSide,
    live: Option<&LiveSet>,
    key: &ObjectKey,
    redactor: &Redactor,
) -> Result<DriftDetail, Fault> {
    let is_it = |other: &ObjectKey| {
        (&other.group, &other.kind) == (&key.group, &key.kind)
            && redactor.redact(&other.name) == key.name
            && redactor.redact(&other.namespace) == key.namespace
    };
    // Of two objects with the same identity the last counts.
    let find = |all: &'_ [Manifest]| all.iter().rfind(|manifest| is_it(&manifest.key)).cloned();
    let local = find(&side.worktree);
    let committed = side.head.as_deref().and_then(find);
    let public = side.pushed.as_deref().and_then(find);
    let there = live.and_then(|live| Some((live_of(live, key, is_it)?, &*live.schemas)));
    let (wanted, git) = match (&local, &committed, &public) {
        (Some(local), ..) if side.head.is_none() => (Some(local), Some("the files")),
        (Some(local), Some(committed), _) if same_desire(&local.value, &committed.value) => {
            (Some(committed), Some("HEAD"))
        }
        (Some(local), ..) => (Some(local), Some("the working tree")),
        (None, Some(committed), _) => (Some(committed), Some("HEAD")),
        (None, None, Some(public)) => (Some(public), Some("the upstream branch")),
        (None, None, None) => (None, None),
    };
    let versions = side.history.iter().find(|(of, _)| is_it(of)).map(|(_, versions)| versions.as_slice());
    if wanted.is_none() && there.is_none() && versions.is_none() {
        let what = format!("{} {}", key.kind, key.name);
        return Err(Fault::new("looking at", what, "neither git nor the cluster has it any more", ""));
    }
    let root = spec.repo.join(&spec.directory);
    let repository = Repository::discover(&root).ok().filter(|repository| repository.workdir().is_some());
    let who = |commit: &str| repository.as_ref().and_then(|repository| who(repository, commit)).unwrap_or_default();
    let hidden = |value: &serde_json::Value| {
        let mut value = value.clone();
        redactor.hide_in(&mut value);
        value
    };
    let (of_git, of_live) =
        (wanted.map(|wanted| hidden(&wanted.value)), there.map(|(there, _)| hidden(&there.value())));
    let base = repository.as_ref().and_then(Repository::workdir).unwrap_or(&spec.repo);
    let stated = local.as_ref().or(wanted);
    let detail = DriftDetail {
        context: live.filter(|live| live.connection != Connection::None).map(|live| live.context.clone()),
        versions: version_lines(versions.unwrap_or_default(), there, who),
        git,
        live: there.is_some(),
        pairs: side_by_side(of_git.as_ref(), of_live.as_ref()),
        file: stated.map(|stated| excerpt(base, stated, redactor)),
    };
    Ok(detail.redacted(redactor))
}

/// The live object. Git does not say whether a custom kind lives in namespaces, the cluster does.
fn live_of<'a>(live: &'a LiveSet, key: &ObjectKey, is_it: impl Fn(&ObjectKey) -> bool) -> Option<&'a LiveObject> {
    let global = key.without_namespace();
    let exact = live.objects.get(key).or_else(|| live.objects.get(&global));
    let found = exact.or_else(|| live.objects.values().find(|object| is_it(&object.key)));
    found.map(AsRef::as_ref)
}

/// Author and summary of a commit.
fn who(repository: &Repository, commit: &str) -> Option<(String, String)> {
    let commit = repository.find_commit(Oid::from_str(commit).ok()?).ok()?;
    let author = String::from_utf8_lossy(commit.author().name_bytes()).into_owned();
    let summary = commit.message_bytes().split(|byte| *byte == b'\n').find(|line| !line.is_empty());
    Some((author, String::from_utf8_lossy(summary.unwrap_or_default()).into_owned()))
}

/// The lines of an object's file in the working tree, around it.
fn excerpt(base: &Path, stated: &Manifest, redactor: &Redactor) -> Result<Excerpt, Fault> {
    let path = base.join(&stated.file);
    let fault = |why: &dyn std::fmt::Display, remedy: &str| Fault::new("reading", stated.file.display(), why, remedy);
    let bytes = head(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => fault(&"it is not in the working tree", "its commit still has it"),
        _ => fault(&error, "check the file's permissions"),
    })?;
    // Values of Secrets cannot be told from other text; what is in the same file stays with them.
    let is_secret = |manifest: &Manifest| manifest.key.group.is_empty() && manifest.key.kind == "Secret";
    if load(&stated.file, &bytes).objects.iter().any(is_secret) {
        return Err(fault(&"it holds a Secret, and is not shown", "open it in an editor"));
    }
    let whole = String::from_utf8_lossy(&bytes);
    let line = usize::try_from(stated.line).unwrap_or(1).saturating_sub(1);
    let shown = redactor.redact(&whole);
    let same = shown.lines().count() == whole.lines().count();
    // A secret of several lines is hidden as one: what follows it has moved.
    let at = if same {
        line
    } else {
        let before: String = whole.split_inclusive('\n').take(line).collect();
        redactor.redact(&before).lines().count()
    };
    let skipped = at.saturating_sub(BEFORE);
    let lines: Vec<String> = shown.lines().skip(skipped).take(LINES).map(str::to_owned).collect();
    let more = shown.lines().count() > skipped + lines.len() || bytes.len() as u64 >= BYTES;
    Ok(Excerpt {
        path: stated.file.clone(),
        first: same.then(|| u32::try_from(skipped + 1).unwrap_or(u32::MAX)),
        at: at - skipped,
        lines,
        more,
    })
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use git2::{IndexAddOption, Repository, Signature, Time};
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::detail;
    use crate::config::session::FabricSpec;
    use crate::domain::cluster::{Kind, LiveObject, LiveSet};
    use crate::domain::drift::{DriftDetail, ObjectKey, PairKind, VersionChange};
    use crate::domain::fault::Fault;
    use crate::domain::redact::Redactor;
    use crate::source::drift::{Cache, read};

    fn vpc(name: &str, vlan: u32) -> Value {
        json!({ "apiVersion": "g/v1", "kind": "VPC", "metadata": { "name": name }, "spec": { "vlan": vlan } })
    }

    fn key(name: &str) -> ObjectKey {
        ObjectKey::new("g", "VPC", "default", name)
    }

    fn live(objects: &[Value]) -> LiveSet {
        let kind = Kind {
            group: "g".into(),
            version: "v1".into(),
            kind: "VPC".into(),
            plural: String::new(),
            namespaced: true,
        };
        let object = |value: &Value| {
            let mut value = value.clone();
            value["metadata"]["namespace"] = "default".into();
            LiveObject::new(&kind, value).unwrap()
        };
        LiveSet::snapshot("lab", objects.iter().map(object), Timestamp::UNIX_EPOCH)
    }

    struct Project {
        folder: tempfile::TempDir,
        repository: Repository,
    }

    impl Project {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let repository = Repository::init(folder.path()).unwrap();
            std::fs::create_dir(folder.path().join("gitops")).unwrap();
            Self { folder, repository }
        }

        fn write(&self, file: &str, text: &str) {
            std::fs::write(self.folder.path().join(file), text).unwrap();
        }

        fn commit(&self, seconds: i64, message: &str) -> String {
            let mut index = self.repository.index().unwrap();
            index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
            index.update_all(["*"], None).unwrap();
            index.write().unwrap();
            let tree = self.repository.find_tree(index.write_tree().unwrap()).unwrap();
            let who = Signature::new("Robin Example", "robin@example.invalid", &Time::new(seconds, 0)).unwrap();
            let parent = self.repository.head().ok().and_then(|head| head.peel_to_commit().ok());
            let parents: Vec<_> = parent.iter().collect();
            self.repository.commit(Some("HEAD"), &who, &who, message, &tree, &parents).unwrap().to_string()
        }

        fn look(&self, name: &str, live: &LiveSet) -> Result<DriftDetail, Fault> {
            let spec = FabricSpec {
                name: "f".into(),
                repo: self.folder.path().into(),
                directory: "gitops".into(),
                exclude: Vec::new(),
                cluster: None,
                grace: Duration::from_secs(300),
            };
            let side = read(&spec, &mut Cache::default()).unwrap();
            detail(&spec, &side, Some(live), &key(name), &Redactor::default())
        }
    }

    #[test]
    fn versions_name_their_commits_and_the_one_that_is_live() {
        let project = Project::new();
        project.write("gitops/a.yaml", &format!("# first\n---\n{}\n", vpc("a", 1)));
        let first = project.commit(100, "feat: a VPC\n\nwith a body");
        project.write("gitops/a.yaml", &format!("# first\n---\n{}\n", vpc("a", 2)));
        let second = project.commit(200, "fix: another VLAN");
        let detail = project.look("a", &live(&[vpc("a", 1)])).unwrap();
        let [newer, older] = detail.versions.as_slice() else { panic!("{detail:?}") };
        assert_eq!(
            (&newer.commit, &newer.author, &newer.summary),
            (&second, &"Robin Example".into(), &"fix: another VLAN".into())
        );
        assert_eq!(newer.change, VersionChange::Fields(vec!["spec.vlan".to_owned()]));
        assert_eq!(
            (&older.commit, older.summary.as_str(), older.at),
            (&first, "feat: a VPC", Timestamp::from_second(100).unwrap())
        );
        assert_eq!((newer.is_live, older.is_live), (false, true), "live equals the first");
        assert_eq!((detail.context.as_deref(), detail.git, detail.live), (Some("lab"), Some("HEAD"), true));
        let changed: Vec<_> = detail.pairs.iter().filter(|pair| pair.kind == PairKind::Changed).collect();
        assert_eq!((changed.len(), changed[0].git.trim(), changed[0].live.trim()), (1, "vlan: 2", "vlan: 1"));
        let file = detail.file.unwrap().unwrap();
        assert_eq!(
            (file.path.as_path(), file.first, file.at, file.more),
            (Path::new("gitops/a.yaml"), Some(1), 2, false)
        );
        assert!(file.lines[file.at].contains("\"vlan\":2"), "{file:?}");
    }

    #[test]
    fn a_draft_an_orphan_and_what_was_deleted_have_one_side_each() {
        let project = Project::new();
        project.write("gitops/a.yaml", &vpc("gone", 1).to_string());
        project.commit(100, "x");
        project.write("gitops/a.yaml", &vpc("new", 1).to_string());
        let live = live(&[vpc("by-hand", 3)]);
        let draft = project.look("new", &live).unwrap();
        assert_eq!((draft.git, draft.live, draft.versions.len()), (Some("the working tree"), false, 0));
        assert!(draft.pairs.iter().all(|pair| pair.kind == PairKind::OnlyGit));
        let orphan = project.look("by-hand", &live).unwrap();
        assert_eq!((orphan.git, orphan.live, orphan.file), (None, true, None));
        assert!(orphan.pairs.iter().all(|pair| pair.kind == PairKind::OnlyLive));
        let gone = project.look("gone", &live).unwrap();
        assert_eq!((gone.git, gone.live, gone.versions.len()), (Some("HEAD"), false, 1));
        assert!(project.look("never", &live).unwrap_err().to_string().contains("neither git nor the cluster"));
        std::fs::remove_file(project.folder.path().join("gitops/a.yaml")).unwrap();
        let deleted = project.look("gone", &live).unwrap().file.unwrap().unwrap_err();
        assert!(deleted.to_string().contains("not in the working tree"), "{deleted}");
    }

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        let token = ["gh", "p_", &"a1B2".repeat(9)].concat();
        let project = Project::new();
        let mut object = vpc("a", 1);
        object["spec"]["token"] = token.as_str().into();
        project.write("gitops/a.yaml", &format!("# {token}\n---\n{object}\n"));
        project.write(
            "gitops/b.yaml",
            &format!(
                "{}\n---\n{}\n",
                vpc("b", 1),
                json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" }, "stringData": { "a": "EXAMPLE-only" } })
            ),
        );
        project.commit(100, &format!("use {token}"));
        let live = live(&[object]);
        let shown = format!("{:?}", project.look("a", &live).unwrap());
        assert!(!shown.contains(&token) && shown.contains("redacted"), "{shown}");
        let beside = project.look("b", &live).unwrap().file.unwrap().unwrap_err();
        assert!(beside.to_string().contains("holds a Secret"), "{beside}");
    }
}
