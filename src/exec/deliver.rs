//! Delivers a prompt into an agent's pane, and proves that it arrived.
//!
//! The way there, measured on tmux 3.3a: leave copy-mode, paste a buffer of a name of its own as one bracketed paste with its
//! line ends as they are, wait until it stands in the agent's input line, press Enter, wait until it stands in the transcript.
//! Nothing is ever pasted or entered twice: what could not be proven is said to be so.

mod locate;
mod lock;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::domain::agent::registry::RegistryStatus;
use crate::domain::brief::Read;
use crate::domain::deliver::arrival::{Draft, Told, compare};
use crate::domain::deliver::history::{KIND, body, ended};
use crate::domain::deliver::input::InputLine;
use crate::domain::deliver::payload::Payload;
use crate::domain::deliver::{Order, Outcome, Proof, Sent, Sight, Target, obstacles};
use crate::domain::digest::sha256;
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;
use crate::source::hooks::HookDesk;

use super::brief::whole;
use super::journal::record;
use super::tmux::Tmux;

pub use locate::look;
use watch::Transcripts;

/// Least time from the paste to Enter: programs that time their input take what comes sooner for a part of the paste.
const GAP: Duration = Duration::from_millis(80);
/// From one look at the pane or the transcript to the next.
const LOOK: Duration = Duration::from_millis(40);
/// How long a paste may take to stand in the input line.
const PASTING: Duration = Duration::from_secs(5);
/// How long an input line may keep the text after Enter before that is taken for a no.
const SWALLOWED: Duration = Duration::from_secs(8);
/// How long a prompt may take from Enter to the transcript.
const ARRIVING: Duration = Duration::from_secs(20);
/// How long after a hook has told of a prompt its line is waited for.
const BEHIND_HOOK: Duration = Duration::from_secs(5);
/// What tmux prints in place of a command whose condition does not hold.
const CHANGED: &str = "hnpwb:changed";

/// What a delivery needs of the session.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The session's state folder.
    pub state_dir: PathBuf,
    /// The folder of this user's locks and sockets.
    pub runtime: PathBuf,
    /// Claude Code's folders.
    pub claude_dirs: Vec<PathBuf>,
    /// What hides secrets.
    pub redactor: Redactor,
    /// What hooks told last; none where no workbench runs.
    pub hooks: Option<HookDesk>,
}

/// Sends a prompt. Its outcome is in the journal before this returns.
pub async fn send(order: Order, desk: &Desk) -> Sent {
    let now = Timestamp::now();
    let id = sha256(format!("{now} {} {} {}", std::process::id(), order.receiver.id.0, order.text).as_bytes());
    let mut sending =
        Sending { id: id.chars().take(12).collect(), order: &order, desk, changes: Vec::new(), target: None };
    let (mut outcome, unavailable) = match sending.carry_out().await {
        Ok(outcome) => (outcome, false),
        Err(Stop::Refused(why)) => (Outcome::NotDelivered(why), false),
        Err(Stop::Unavailable(fault)) => (Outcome::NotDelivered(format!("{}; {}", fault.why, fault.remedy)), true),
    };
    let written = sending.note(Some(&outcome)).await;
    if let Err(fault) = written {
        let but = format!("but the journal could not be written: {fault}");
        outcome = match outcome {
            Outcome::NotDelivered(why) => Outcome::NotDelivered(format!("{why}, {but}")),
            // What the journal does not hold is not called delivered.
            other => Outcome::Indeterminate(format!("{}, {but}", other.sentence())),
        };
    }
    let Sending { id, changes, .. } = sending;
    Sent { id, order, outcome, changes, unavailable }
}

/// Why nothing was sent.
enum Stop {
    Refused(String),
    Unavailable(Fault),
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Refused(why.into()))
}

struct Sending<'a> {
    id: String,
    order: &'a Order,
    desk: &'a Desk,
    changes: Vec<String>,
    target: Option<Target>,
}

impl Sending<'_> {
    async fn carry_out(&mut self) -> Result<Outcome, Stop> {
        let text = self.desk.redactor.redact(&self.order.text);
        let hidden = self.desk.redactor.find(&self.order.text).len();
        let payload = Payload::new(&text).map_err(Stop::Refused)?;
        self.changes.clone_from(&payload.changes);
        if let Some(brief) = &self.order.brief {
            let text = std::fs::read_to_string(&brief.file)
                .map_err(|error| Stop::Refused(format!("the brief cannot be read: {error}")))?;
            whole(&Read::new(&text).draft())
                .map_err(|fault| Stop::Refused(format!("{}; {}", fault.why, fault.remedy)))?;
        }
        if hidden > 0 {
            self.changes.push(format!("{hidden} secrets were hidden"));
        }
        let sight = self.look().await?;
        let Some(_lock) = lock::take(&self.desk.runtime, &sight.target).map_err(Stop::Refused)? else {
            return refuse("another prompt is being sent into this pane");
        };
        // Whoever had the lock before may have changed what is there.
        let sight = self.check(&payload).await?;
        self.target = Some(sight.target.clone());
        let mut transcripts = Transcripts::open(&self.order.receiver, &self.desk.claude_dirs);
        self.note(None).await.map_err(|fault| Stop::Refused(fault.to_string()))?;
        let target = &sight.target;
        let tmux = Tmux::at(&target.server);
        if target.pane.in_mode {
            ask(&tmux, &["copy-mode", "-q", "-t", &target.pane.id], b"").await?;
        }
        self.paste(&tmux, target, &payload).await?;
        let began = Timestamp::now();
        if let Err(why) = self.see_pasted(&payload).await {
            return Ok(unseen(why, &payload));
        }
        if let Some(why) = self.enter(&tmux, target).await? {
            return Ok(Outcome::NotDelivered(format!(
                "{why}; Enter was not pressed, and the text stands in its input line"
            )));
        }
        Ok(self.arrive(&mut transcripts, &payload, began).await)
    }

    async fn look(&self) -> Result<Sight, Stop> {
        look(&self.order.receiver, &self.desk.claude_dirs).await.map_err(Stop::Unavailable)
    }

    /// Looks again, and refuses when the pane is not the one that was shown, or anything stands in the way.
    async fn check(&self, payload: &Payload) -> Result<Sight, Stop> {
        let sight = self.look().await?;
        if let Some(why) = self.order.shown.as_ref().and_then(|shown| shown.differs(&sight.target)) {
            return refuse(format!("{why}; look at it again"));
        }
        let found = obstacles(&self.order.receiver, &sight, payload);
        match found.iter().find(|obstacle| !(obstacle.may_pass && self.order.while_working)) {
            Some(obstacle) => refuse(obstacle.to_string()),
            None => Ok(sight),
        }
    }

    /// Pastes, unless the pane has changed since it was looked at: the server checks that itself in the same breath.
    async fn paste(&self, tmux: &Tmux, target: &Target, payload: &Payload) -> Result<(), Stop> {
        let buffer = format!("hnpwb-{}", self.id);
        ask(tmux, &["load-buffer", "-b", &buffer, "-"], payload.text().as_bytes()).await?;
        let command = format!("paste-buffer -p -r -d -b {buffer} -t {}", target.pane.id);
        match guarded(tmux, target, &command).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                // A buffer that was not pasted still stands there.
                let _ = tmux.run(&["delete-buffer", "-b", &buffer], b"").await;
                refuse("the pane has changed while it was being sent to; nothing was pasted")
            }
            Err(why) => {
                let _ = tmux.run(&["delete-buffer", "-b", &buffer], b"").await;
                refuse(format!("tmux did not paste it: {why}"))
            }
        }
    }

    /// Waits until the text stands in the input line and stays as it is; says what is seen instead.
    async fn see_pasted(&self, payload: &Payload) -> Result<(), Unseen> {
        let until = Instant::now() + PASTING;
        sleep(GAP).await;
        let mut before = None;
        loop {
            let input = self.look().await.map(|sight| sight.input);
            let stays = before.as_ref() == input.as_ref().ok();
            let seen = match &input {
                Ok(InputLine::Draft(draft)) => match compare(draft, payload) {
                    Draft::Ours if stays => return Ok(()),
                    Draft::Ours | Draft::Part => Ok(stays),
                    Draft::Other => Err(Unseen::Other),
                },
                Ok(InputLine::Empty | InputLine::Hidden) => Err(Unseen::Nothing),
                Err(_) => Err(Unseen::Gone),
            };
            if Instant::now() >= until {
                // An input line that is too small for all of it shows a part, and that stays.
                return seen.and_then(|stays| if stays { Ok(()) } else { Err(Unseen::Other) });
            }
            before = input.ok();
            sleep(LOOK).await;
        }
    }

    /// Presses Enter; says why it did not. A permission prompt that came up meanwhile would take it for a yes.
    async fn enter(&self, tmux: &Tmux, target: &Target) -> Result<Option<String>, Stop> {
        let Ok(sight) = self.look().await else { return Ok(Some("the agent is gone".to_owned())) };
        if let Some(why) = target.differs(&sight.target) {
            return Ok(Some(why));
        }
        if let Some((RegistryStatus::Waiting, what)) = &sight.status {
            return Ok(Some(format!("it began to wait for {}", what.as_deref().unwrap_or("a person"))));
        }
        if !matches!(sight.input, InputLine::Draft(_)) || !sight.in_front {
            return Ok(Some("its input line went away".to_owned()));
        }
        match guarded(tmux, target, &format!("send-keys -t {} Enter", target.pane.id)).await {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some("the pane has changed".to_owned())),
            Err(why) => Ok(Some(format!("tmux did not press it: {why}"))),
        }
    }

    /// Waits until the transcript or a hook tells of the prompt.
    async fn arrive(&self, transcripts: &mut Transcripts, payload: &Payload, began: Timestamp) -> Outcome {
        let entered = Instant::now();
        let mut hooked: Option<Instant> = None;
        loop {
            if let Some(found) = transcripts.find(payload) {
                let queued = found.told == Told::Queued;
                let proof = Proof::Line { file: found.file, offset: found.offset, line: found.line, queued };
                return Outcome::Delivered(proof);
            }
            if hooked.is_none() && self.hook_told(began) {
                hooked = Some(Instant::now());
            }
            if hooked.is_some_and(|at| at.elapsed() >= BEHIND_HOOK) && self.input().await == Some(InputLine::Empty) {
                return Outcome::Delivered(Proof::Hook);
            }
            let waited = entered.elapsed();
            if waited >= SWALLOWED
                && hooked.is_none()
                && let Some(InputLine::Draft(draft)) = self.input().await
                && compare(&draft, payload) != Draft::Other
                // Not in the moment between the look at the one and at the other.
                && transcripts.find(payload).is_none()
            {
                let why = "Enter was pressed and not taken: the text still stands in its input line; send it or clear it there";
                return Outcome::NotDelivered(why.to_owned());
            }
            if waited >= ARRIVING {
                let why = "Enter was pressed, and its transcript does not tell of the prompt; look at the pane before it is sent again";
                return Outcome::Indeterminate(why.to_owned());
            }
            sleep(LOOK).await;
        }
    }

    async fn input(&self) -> Option<InputLine> {
        self.look().await.ok().map(|sight| sight.input)
    }

    /// A hook has told of a prompt since this time.
    fn hook_told(&self, began: Timestamp) -> bool {
        let (Some(hooks), Some(session)) = (&self.desk.hooks, &self.order.receiver.session) else { return false };
        hooks.book().of(session, None).is_some_and(|fact| fact.event == "UserPromptSubmit" && fact.at >= began)
    }

    /// Notes in the journal that it is sent, or what became of it.
    async fn note(&self, outcome: Option<&Outcome>) -> Result<(), Fault> {
        let brief = self.order.brief.as_ref().and_then(|brief| std::fs::read_to_string(&brief.file).ok());
        let body: Value = body(&self.id, self.order, self.target.as_ref(), &self.order.text, brief.as_deref());
        let body = outcome.map_or(body.clone(), |outcome| ended(body, outcome));
        record(&self.desk.state_dir, Timestamp::now(), KIND, body, &self.desk.redactor).await
    }
}

/// What stood in the input line in place of what was pasted.
#[derive(Clone, Copy)]
enum Unseen {
    /// Nothing.
    Nothing,
    /// Something else, too.
    Other,
    /// The agent went away.
    Gone,
}

/// Enter was not pressed, so one line was not submitted; several may have been, by a program that takes line ends for Enter.
fn unseen(what: Unseen, payload: &Payload) -> Outcome {
    let why = match what {
        Unseen::Nothing => "the text was pasted and did not show up in its input line",
        Unseen::Other => "something else was typed into its input line at the same time",
        Unseen::Gone => "the agent went away while it was being sent to",
    };
    let why = format!("{why}; Enter was not pressed: look at the pane");
    if payload.lines() > 1 { Outcome::Indeterminate(why) } else { Outcome::NotDelivered(why) }
}

async fn ask(tmux: &Tmux, command: &[&str], input: &[u8]) -> Result<Vec<u8>, Stop> {
    tmux.run(command, input).await.map_err(|error| Stop::Refused(format!("tmux refused: {error}")))
}

/// Runs a command on the pane if it is still the one that was looked at; false if it is not.
async fn guarded(tmux: &Tmux, target: &Target, command: &str) -> Result<bool, String> {
    let mut pane = target.pane.clone();
    // It was left by now.
    pane.in_mode = false;
    let otherwise = format!("display-message -p {CHANGED}");
    let command = ["if-shell", "-F", "-t", &pane.id, &pane.guard(), command, &otherwise];
    let said = tmux.run(&command, b"").await.map_err(|error| error.to_string())?;
    Ok(!String::from_utf8_lossy(&said).contains(CHANGED))
}

/// The folder of locks below the one of this user's sockets.
fn lock_folder(runtime: &Path) -> PathBuf {
    runtime.join("send")
}

#[cfg(test)]
mod tests;
