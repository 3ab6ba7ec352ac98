//! Everything that steps change: files, commits, transcripts, processes and the cluster. Blocking.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::project::repository::{self, Committed};
use crate::demo::project::{Stage, WORKTREE_BRANCH, objects};
use crate::demo::scenario::{Action, Actor, Scenario};
use crate::domain::fault::Fault;

use super::cast::{self, Running};
use super::process::Status;
use super::{Cluster, Due, GateAsk};

/// Transcripts of one actor that are kept when it has been started again and again.
const KEPT: usize = 3;

/// Kind, namespace and name of a live object.
type Key = (String, String, String);

pub(super) struct World {
    stage: Arc<Stage>,
    cluster: Cluster,
    actors: Vec<Actor>,
    outputs: BTreeMap<String, String>,
    running: BTreeMap<String, Running>,
    /// Sessions begun so far and the transcripts kept, by actor.
    takes: BTreeMap<String, (u32, Vec<PathBuf>)>,
    /// Registry files that crashed processes left behind, by actor.
    leftovers: BTreeMap<String, PathBuf>,
    live: BTreeMap<Key, Value>,
    /// Abbreviated id of the last commit, by actor.
    commits: BTreeMap<String, String>,
    /// Texts of the files that the story changes, as they were before the first round.
    originals: BTreeMap<(PathBuf, String), Option<String>>,
}

impl World {
    /// Takes note of how everything stands, and brings the cluster's objects to life.
    pub fn open(stage: Arc<Stage>, cluster: Cluster, scenario: &Scenario, now: Timestamp) -> Result<Self, Fault> {
        let mut world = Self {
            stage,
            cluster,
            actors: scenario.actors.clone(),
            outputs: scenario.outputs.clone(),
            running: BTreeMap::new(),
            takes: BTreeMap::new(),
            leftovers: BTreeMap::new(),
            live: BTreeMap::new(),
            commits: BTreeMap::new(),
            originals: BTreeMap::new(),
        };
        for (actor, action) in scenario.actions() {
            if let Action::Edit { path, .. } | Action::Write { path, .. } = action {
                let tree = world.tree_of(actor).to_owned();
                let text = fs::read_to_string(tree.join(path)).ok();
                world.originals.insert((tree, path.clone()), text);
            }
        }
        for object in objects::seed(now)? {
            world.put(object)?;
        }
        Ok(world)
    }

    /// Plays steps that lie in the past, one after the other.
    pub fn play_all(mut self, steps: Vec<(Timestamp, Due)>) -> Result<Self, Fault> {
        for (at, step) in steps {
            self.play(&step, at)?;
        }
        Ok(self)
    }

    /// Plays one step. A gate gives what is to be asked.
    pub fn play(&mut self, step: &Due, at: Timestamp) -> Result<Option<GateAsk>, Fault> {
        let actor = step.actor.as_str();
        match &step.action {
            Action::Read(path) => self.read(actor, at, path)?,
            Action::Edit { path, old, new } => self.edit(actor, at, path, old, new)?,
            Action::Write { path, text } => self.write(actor, at, path, text)?,
            Action::Commit { message, paths } => self.commit(actor, at, message, paths)?,
            Action::Revert => self.revert(actor, at)?,
            Action::Push => repository::push(self.tree_of(actor))?,
            Action::Crash => {
                if let Some(file) = self.running.remove(actor).and_then(Running::crash) {
                    self.leftovers.insert(actor.to_owned(), file);
                }
            }
            Action::Exit => {
                if let Some(running) = self.running.remove(actor) {
                    let path = running.transcript.path.clone();
                    running.exit().map_err(cannot_write(&path))?;
                }
            }
            Action::Apply(path) => self.apply(path, at)?,
            Action::Alter { kind, name, pointer, value } => self.alter(kind, name, pointer, value, at)?,
            Action::Create(object) => {
                self.put(object.clone())?;
                self.instruct(at)?;
            }
            Action::Gate(gate) => {
                let command = self.fill(actor, &gate.command, step);
                let running = self.running(actor, at)?;
                let input = json!({"command": command, "description": gate.title});
                running.last_call =
                    running.transcript.call(at, "Bash", &input).map_err(cannot_write(&running.transcript.path))?;
                return Ok(Some(GateAsk {
                    title: gate.title.clone(),
                    detail: command,
                    tool: "Bash".to_owned(),
                    session: running.transcript.envelope.session.clone(),
                    tool_use_id: running.last_call.clone(),
                    cwd: PathBuf::from(&running.transcript.envelope.cwd),
                }));
            }
            Action::Prompt(_)
            | Action::Think(_)
            | Action::Say(_)
            | Action::Call { .. }
            | Action::Result(_)
            | Action::Failure(_)
            | Action::ResultOf(_)
            | Action::FailureOf(_)
            | Action::Rest
            | Action::Wait(_) => self.speak(step, at)?,
        }
        Ok(None)
    }

    /// Puts files and cluster back to where the first round began: files by new commits, the cluster by new objects.
    pub fn restore(mut self, at: Timestamp) -> Result<Self, Fault> {
        let mut trees: BTreeMap<&Path, Vec<String>> = BTreeMap::new();
        for ((tree, path), text) in &self.originals {
            let file = tree.join(path);
            match text {
                Some(text) => fs::write(&file, text).map_err(cannot_write(&file))?,
                None if file.exists() => fs::remove_file(&file).map_err(cannot_write(&file))?,
                None => {}
            }
            trees.entry(tree).or_default().push(path.clone());
        }
        for (tree, paths) in trees {
            let message = "revert: put the scenario back for the next round";
            repository::commit(tree, "orchestrator", message, &paths, at)?;
        }
        repository::push(&self.stage.root)?;
        self.restore_cluster(at)?;
        Ok(self)
    }

    fn restore_cluster(&mut self, at: Timestamp) -> Result<(), Fault> {
        let seed = objects::seed(at)?;
        let keys: BTreeSet<Key> = seed.iter().map(key_of).collect();
        for key in self.live.keys().filter(|key| !keys.contains(*key)).cloned().collect::<Vec<_>>() {
            (self.cluster.delete)(&key.0, &key.1, &key.2);
            self.live.remove(&key);
        }
        for object in seed {
            // Agents go on from where they are: their generation only ever grows.
            let is_other = |live: &Value| live["kind"] != "Agent" && live["spec"] != object["spec"];
            if self.live.get(&key_of(&object)).is_none_or(is_other) {
                self.put(object)?;
            }
        }
        self.instruct(at)
    }

    /// Steps that only the transcript and the registry show.
    fn speak(&mut self, step: &Due, at: Timestamp) -> Result<(), Fault> {
        let actor = step.actor.as_str();
        let text = |world: &Self, text: &str| world.fill(actor, text, step);
        let filled = match &step.action {
            Action::Prompt(words)
            | Action::Think(words)
            | Action::Say(words)
            | Action::Result(words)
            | Action::Failure(words) => text(self, words),
            Action::ResultOf(name) | Action::FailureOf(name) => {
                text(self, self.outputs.get(name).map_or("", String::as_str))
            }
            _ => String::new(),
        };
        let running = self.running(actor, at)?;
        let transcript = &mut running.transcript;
        let path = transcript.path.clone();
        let outcome = match &step.action {
            Action::Prompt(_) => transcript.prompt(at, &filled),
            Action::Think(_) => transcript.think(at, &filled),
            Action::Say(_) => transcript.say(at, &filled, step.ends_turn),
            Action::Call { tool, input } => transcript.call(at, tool, input).map(|id| running.last_call = id),
            Action::Result(_) | Action::ResultOf(_) => transcript.result(at, &filled, false),
            Action::Failure(_) | Action::FailureOf(_) => transcript.result(at, &filled, true),
            Action::Rest => transcript.rest(at),
            _ => Ok(()),
        };
        outcome.map_err(cannot_write(&path))?;
        let status = match &step.action {
            Action::Rest => Status::Idle,
            Action::Wait(what) => Status::Waiting(what.clone()),
            _ => Status::Busy,
        };
        running.report(status, at).map_err(cannot_write(&path))
    }

    fn read(&mut self, actor: &str, at: Timestamp, path: &str) -> Result<(), Fault> {
        let file = self.tree_of(actor).join(path);
        let input = json!({"file_path": file});
        let Ok(text) = fs::read_to_string(&file) else {
            let answer = "<tool_use_error>File does not exist.</tool_use_error>";
            return self.tool(actor, at, "Read", &input, answer, true, &json!(format!("Error: {answer}")));
        };
        let lines = text.lines().count();
        let numbered: Vec<String> = text.lines().enumerate().map(|(n, line)| format!("{:>6}→{line}", n + 1)).collect();
        let structured = json!({"type": "text", "file": {"filePath": file, "content": text, "numLines": lines,
            "startLine": 1, "totalLines": lines}});
        self.tool(actor, at, "Read", &input, &numbered.join("\n"), false, &structured)
    }

    fn edit(&mut self, actor: &str, at: Timestamp, path: &str, old: &str, new: &str) -> Result<(), Fault> {
        let file = self.tree_of(actor).join(path);
        let before = fs::read_to_string(&file).unwrap_or_default();
        let found = before.contains(old);
        let input = json!({"file_path": file, "old_string": old, "new_string": new, "replace_all": false});
        if found {
            fs::write(&file, before.replacen(old, new, 1)).map_err(cannot_write(&file))?;
        }
        if !self.has_transcript(actor) {
            return Ok(());
        }
        let (text, structured) = if found {
            let patch = patch(&before, old, new);
            let text = format!("The file {} has been updated successfully.", file.display());
            (
                text,
                json!({"filePath": file, "oldString": old, "newString": new, "structuredPatch": [patch],
                "userModified": false, "replaceAll": false}),
            )
        } else {
            let text = format!("<tool_use_error>String to replace not found in file.\nString: {old}</tool_use_error>");
            let structured = json!(format!("Error: {text}"));
            (text, structured)
        };
        self.tool(actor, at, "Edit", &input, &text, !found, &structured)
    }

    fn write(&mut self, actor: &str, at: Timestamp, path: &str, text: &str) -> Result<(), Fault> {
        let file = self.tree_of(actor).join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(cannot_write(folder))?;
        }
        let existed = file.exists();
        fs::write(&file, text).map_err(cannot_write(&file))?;
        if !self.has_transcript(actor) {
            return Ok(());
        }
        let input = json!({"file_path": file, "content": text});
        let (kind, verb) = if existed { ("update", "updated") } else { ("create", "created") };
        let answer = format!("File {verb} successfully at: {}", file.display());
        let structured =
            json!({"type": kind, "filePath": file, "content": text, "structuredPatch": [], "userModified": false});
        self.tool(actor, at, "Write", &input, &answer, false, &structured)
    }

    fn commit(&mut self, actor: &str, at: Timestamp, message: &str, paths: &[String]) -> Result<(), Fault> {
        let tree = self.tree_of(actor).to_owned();
        let done = repository::commit(&tree, actor, message, paths, at)?;
        if let Some(done) = &done {
            self.commits.insert(actor.to_owned(), done.id.clone());
        }
        if !self.has_transcript(actor) {
            return Ok(());
        }
        let subject = message.lines().next().unwrap_or_default();
        let command = format!("git add {} && git commit -m \"{}\"", paths.join(" "), message.replace('"', "\\\""));
        let answer = match &done {
            Some(Committed { branch, id, files, added, removed }) => {
                let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
                format!(
                    "[{branch} {id}] {subject}\n {} changed, {}(+), {}(-)",
                    plural(*files, "file"),
                    plural(*added, "insertion"),
                    plural(*removed, "deletion"),
                )
            }
            None => "nothing to commit, working tree clean".to_owned(),
        };
        let input = json!({"command": command, "description": "Commit the change"});
        let structured = super::record::command_output(&answer, false);
        self.tool(actor, at, "Bash", &input, &answer, false, &structured)
    }

    fn revert(&mut self, actor: &str, at: Timestamp) -> Result<(), Fault> {
        let Some(commit) = self.commits.get(actor) else { return Ok(()) };
        let id = repository::revert(self.tree_of(actor), actor, commit, at)?;
        self.commits.insert(actor.to_owned(), id);
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "a tool call and its whole answer, written in one go")]
    fn tool(
        &mut self,
        actor: &str,
        at: Timestamp,
        tool: &str,
        input: &Value,
        answer: &str,
        is_error: bool,
        structured: &Value,
    ) -> Result<(), Fault> {
        let running = self.running(actor, at)?;
        let path = running.transcript.path.clone();
        let mut write = || {
            running.last_call = running.transcript.call(at, tool, input)?;
            running.transcript.structured_result(at, answer, is_error, structured)?;
            running.report(Status::Busy, at)
        };
        write().map_err(cannot_write(&path))
    }

    fn apply(&mut self, path: &str, at: Timestamp) -> Result<(), Fault> {
        let file = self.stage.root.join(path);
        // A file that was taken back in the meantime is not applied.
        if let Ok(text) = fs::read_to_string(&file) {
            self.put(objects::admit(objects::manifest(&file, &text)?, at))?;
        }
        self.instruct(at)
    }

    fn alter(&mut self, kind: &str, name: &str, pointer: &str, value: &Value, at: Timestamp) -> Result<(), Fault> {
        let key = (kind.to_owned(), "default".to_owned(), name.to_owned());
        let Some(mut object) = self.live.get(&key).cloned() else { return Ok(()) };
        if objects::alter(&mut object, pointer, value.clone(), at) {
            self.put(object)?;
        }
        self.instruct(at)
    }

    /// The fabric's controller at work: agents are given what changed.
    fn instruct(&mut self, at: Timestamp) -> Result<(), Fault> {
        let live: Vec<Value> = self.live.values().cloned().collect();
        for mut agent in live.iter().filter_map(|agent| objects::instruct(agent, &live)) {
            objects::advance(&mut agent, at);
            self.put(agent)?;
        }
        Ok(())
    }

    /// The agents of the switches say that they are alive.
    pub fn beat(&mut self, at: Timestamp) -> Result<(), Fault> {
        let agents: Vec<Value> =
            self.live.iter().filter(|((kind, ..), _)| kind == "Agent").map(|(_, agent)| agent.clone()).collect();
        for mut agent in agents {
            objects::heartbeat(&mut agent, at);
            self.put(agent)?;
        }
        Ok(())
    }

    fn put(&mut self, object: Value) -> Result<(), Fault> {
        (self.cluster.put)(object.clone())?;
        self.live.insert(key_of(&object), object);
        Ok(())
    }

    /// The actor's session, begun if it has none.
    fn running(&mut self, name: &str, at: Timestamp) -> Result<&mut Running, Fault> {
        if !self.running.contains_key(name) {
            let started = self.start(name, at)?;
            self.running.insert(name.to_owned(), started);
        }
        self.running.get_mut(name).ok_or_else(|| unknown(name))
    }

    fn start(&mut self, name: &str, at: Timestamp) -> Result<Running, Fault> {
        let casting = self.actor(name).and_then(|actor| actor.session.clone()).ok_or_else(|| unknown(name))?;
        let tree = self.tree_of(name).to_owned();
        let branch = if tree == self.stage.worktree { WORKTREE_BRANCH } else { "main" };
        let take = self.takes.get(name).map_or(1, |(take, _)| take + 1);
        let started = match &casting.parent {
            None => Running::start(&self.stage.claude, name, &casting, take, (&tree, branch), at),
            Some(parent) => {
                Running::start_below(self.running.get(parent).ok_or_else(|| unknown(parent))?, name, &casting, take)
            }
        };
        let running = started.map_err(|error| {
            Fault::new("starting", name, error, "free some space, and see that `cat` is on the PATH")
        })?;
        // The next launch clears what a crash left behind, as the real program does.
        if let Some(file) = self.leftovers.remove(name) {
            let _ = fs::remove_file(file);
        }
        let (count, kept) = self.takes.entry(name.to_owned()).or_default();
        *count = take;
        kept.push(running.transcript.path.clone());
        if kept.len() > KEPT {
            cast::forget(&kept.remove(0));
        }
        Ok(running)
    }

    fn actor(&self, name: &str) -> Option<&Actor> {
        self.actors.iter().find(|actor| actor.name == name)
    }

    fn has_transcript(&self, name: &str) -> bool {
        self.actor(name).is_some_and(|actor| actor.session.is_some())
    }

    fn tree_of(&self, name: &str) -> &Path {
        let in_worktree = self.actor(name).is_some_and(|actor| actor.in_worktree);
        if in_worktree { &self.stage.worktree } else { &self.stage.root }
    }

    fn fill(&self, actor: &str, text: &str, step: &Due) -> String {
        if !text.contains('%') {
            return text.to_owned();
        }
        let tree = self.tree_of(actor);
        let reason = step.reason.as_deref().filter(|reason| !reason.is_empty()).unwrap_or("(no reason given)");
        let commit = self.commits.get(actor).map_or("", String::as_str);
        text.replace("%ROOT%", &tree.display().to_string()).replace("%COMMIT%", commit).replace("%REASON%", reason)
    }
}

fn key_of(object: &Value) -> Key {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&object["kind"]), text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]))
}

/// The changed lines with up to three around them, as the `Edit` tool keeps them.
fn patch(before: &str, old: &str, new: &str) -> Value {
    let at = before.find(old).unwrap_or(0);
    let first = before[..at].matches('\n').count();
    let after = before.replacen(old, new, 1);
    let (lines, changed): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let removed = old.trim_end_matches('\n').matches('\n').count() + 1;
    let added = (changed.len() + removed).saturating_sub(lines.len());
    let start = first.saturating_sub(3);
    let context = lines[start..first.min(lines.len())].iter().map(|line| format!(" {line}"));
    let gone = lines.iter().skip(first).take(removed).map(|line| format!("-{line}"));
    let come = changed.iter().skip(first).take(added).map(|line| format!("+{line}"));
    let rest = lines.iter().skip(first + removed).take(3).map(|line| format!(" {line}"));
    let body: Vec<String> = context.chain(gone).chain(come).chain(rest).collect();
    let count = |mark: char| body.iter().filter(|line| !line.starts_with(mark)).count();
    json!({"oldStart": start + 1, "oldLines": count('+'), "newStart": start + 1, "newLines": count('-'), "lines": body})
}

fn unknown(name: &str) -> Fault {
    Fault::new("playing", name, "it has no session", "report this as a bug")
}

fn cannot_write(path: &Path) -> impl Fn(std::io::Error) -> Fault {
    let path = path.display().to_string();
    move |error| Fault::new("writing", &path, error, "free some space, and start the demo again")
}

#[cfg(test)]
mod tests {
    use super::patch;

    #[test]
    fn a_patch_counts_lines_as_the_edit_tool_does() {
        let patch = patch("one\ntwo\nthree\n", "two", "2\n2b");
        assert_eq!(patch["lines"], serde_json::json!([" one", "-two", "+2", "+2b", " three"]));
        assert_eq!((patch["oldStart"].as_u64(), patch["oldLines"].as_u64()), (Some(1), Some(3)));
        assert_eq!(patch["newLines"], 4);
    }
}
