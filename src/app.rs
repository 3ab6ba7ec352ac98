//! The loop: takes what happened, lets `update` change the state, has the effects carried out, draws. Owns state and screen.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event as TerminalEvent, EventStream, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use futures::StreamExt;
use jiff::Timestamp;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::session::Session;
use crate::domain::fault::Fault;
use crate::domain::gate::{Gate, GateState};
use crate::effect::{Effect, Effects};
use crate::event::{Done, Event, Input, Mouse, MouseKind, SourceId};
use crate::exec::check::Checks;
use crate::exec::desk::Desk;
use crate::exec::draft::Drafts;
use crate::exec::{Hands, editor};
use crate::source::ground::Places;
use crate::source::hooks::HookDesk;
use crate::source::mailbox::redacting_mailbox;
use crate::source::search::Searcher;
use crate::source::transcript::TranscriptReader;
use crate::source::{Inbox, Outbox, agents, board, drift, evidence, gates, git, rules};
use crate::state::State;
use crate::term::Screen;
use crate::ui::{HitMap, view};
use crate::update::update;

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(12);
/// One cause is often told by several sources: what comes within this time after the first of them is drawn with it, and
/// does not have to wait for the next frame.
const GATHER: Duration = Duration::from_millis(3);
/// Ages on screen are in minutes, so that often is enough while nothing else happens.
const MINUTE: Duration = Duration::from_secs(60);
/// Events taken before a frame that is due is drawn.
const BATCH: usize = 256;
/// How long writes that are under way may take when the program ends.
const LAST_WRITES: Duration = Duration::from_secs(2);
/// Rows that one step of the wheel scrolls.
const WHEEL: i16 = 3;

/// What a run works with.
#[derive(Debug)]
pub struct Setup {
    /// The session.
    pub session: Session,
    /// Folders whose agents belong to the session: its root and the worktrees of its repositories.
    pub roots: Vec<PathBuf>,
    /// Where the gates' socket is to be.
    pub socket: PathBuf,
    /// What the rules in force come from.
    pub guard: rules::Guard,
}

/// Everything that carries effects out.
struct Workers {
    hands: Hands,
    transcript: TranscriptReader,
    searcher: Searcher,
    git: git::GitHandle,
    board: board::BoardHandle,
    evidence: evidence::EvidenceHandle,
    drift: drift::Workers,
    /// Counts how often the agents are to be looked at again.
    refresh: watch::Sender<u64>,
}

/// What an effect does to the loop itself.
enum Turn {
    Go,
    Suspend,
    Edit(String),
    Quit,
}

/// Runs until the operator or a signal ends it.
pub async fn run(setup: Setup, mut state: State) -> io::Result<()> {
    let cancel = CancellationToken::new();
    let (outbox, inbox) = redacting_mailbox(setup.session.redactor.clone());
    let (terminal, bytes) = mpsc::channel(16);
    let workers = start(&setup, &outbox, terminal, &cancel);
    drop(outbox);
    workers.hands.read_briefs();
    let mut signals = Signals::install()?;
    let mut screen = Screen::enter()?;
    let ended = turn(&mut state, &mut screen, inbox, bytes, &workers, &mut signals).await;
    drop(screen);
    cancel.cancel();
    let own = state.gates.iter().filter(|_| state.guard.elsewhere.is_none());
    for gate in own.filter(|gate| gate.state == GateState::Pending) {
        let gate = Gate { state: GateState::Abandoned, decided_at: Some(Timestamp::now()), ..gate.clone() };
        workers.hands.note_gate(gate, "the workbench was closed", Timestamp::now());
    }
    workers.hands.tasks.close();
    // Whoever waits at a gate is refused by the server's own end; only writes are waited for.
    let _ = tokio::time::timeout(LAST_WRITES, workers.hands.tasks.wait()).await;
    ended
}

fn start(setup: &Setup, outbox: &Outbox, terminal: mpsc::Sender<Vec<u8>>, cancel: &CancellationToken) -> Workers {
    let session = Arc::new(setup.session.clone());
    let (refresh, refreshed) = watch::channel(0);
    let hooks = HookDesk::default();
    let roots = setup.roots.clone();
    let everyone =
        agents::spawn(Arc::clone(&session), roots, false, hooks.clone(), outbox.clone(), cancel.clone(), refreshed);
    let gates = gates::spawn(&setup.socket, &session.name, outbox.clone(), hooks.clone(), cancel.clone());
    let refused = |fault: Fault| {
        outbox.post(SourceId::Gates, Event::SourceFault(SourceId::Gates, fault.clone()));
        gates::viewer::spawn(&setup.socket, fault, outbox.clone(), cancel.clone());
    };
    let gates = gates.map_err(refused).ok();
    // Whoever has the socket keeps the rules.
    let rules = gates.as_ref().and_then(|_| {
        let guarded = rules::spawn(setup.guard.clone(), outbox.clone(), cancel.clone());
        guarded.map_err(|fault| outbox.post(SourceId::Rules, Event::SourceFault(SourceId::Rules, fault))).ok()
    });
    let hands = Hands {
        state_dir: session.state_dir.clone(),
        root: session.root.clone(),
        read_only: session.read_only,
        notify: session.notify.clone(),
        claude_dirs: session.claude_dirs.clone(),
        runtime: setup.socket.parent().map_or_else(|| session.state_dir.clone(), Path::to_owned),
        hooks,
        gates,
        rules,
        outbox: outbox.clone(),
        terminal,
        templates: session.templates.clone(),
        library: session.library.clone(),
        desk: Desk::spawn(Places::of(&session), outbox.clone()),
        drafts: Drafts::new(session.state_dir.clone(), session.redactor.clone()),
        tasks: TaskTracker::new(),
        git_notes: session.review.git_notes,
        checks: Checks::new(cancel.clone()),
    };
    hands.read_past();
    Workers {
        hands,
        transcript: TranscriptReader::spawn(outbox.clone(), cancel.clone()),
        searcher: Searcher::spawn(setup.session.redactor.clone(), outbox.clone(), cancel.clone()),
        git: git::spawn(session.repos.clone(), outbox.clone(), cancel.clone()),
        evidence: evidence::spawn(outbox.clone(), cancel.clone()),
        board: board::spawn(session.boards.clone(), outbox.clone(), cancel.clone()),
        drift: drift::spawn(session, outbox.clone(), everyone, cancel.clone()),
        refresh,
    }
}

/// Signals that mean something to a full-screen program.
struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    stop: Signal,
}

impl Signals {
    fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(libc::SIGTSTP))?,
        })
    }
}

async fn turn(
    state: &mut State,
    screen: &mut Screen,
    mut inbox: Inbox,
    mut bytes: mpsc::Receiver<Vec<u8>>,
    workers: &Workers,
    signals: &mut Signals,
) -> io::Result<()> {
    let mut input = Some(EventStream::new());
    let mut hits = HitMap::default();
    let mut dirty = true;
    // The first moment at which the next frame may be drawn, and the one at which it is.
    let mut earliest = Instant::now();
    let mut due = earliest;
    loop {
        let mut events = Vec::new();
        tokio::select! {
            biased;
            got = next_input(&mut input) => match got {
                Some(Ok(event)) => events.extend(translate(event, &hits)),
                // The terminal is gone.
                Some(Err(_)) | None => events.push(Event::Quit),
            },
            _ = signals.terminate.recv() => events.push(Event::Quit),
            _ = signals.hang_up.recv() => events.push(Event::Quit),
            _ = signals.interrupt.recv() => events.push(Event::Quit),
            _ = signals.stop.recv() => {
                suspend(&mut input, screen)?;
                (dirty, due) = (true, earliest);
                continue;
            }
            () = sleep_until(due), if dirty => {
                if let Some(drawn) = screen.draw(|frame| view(state, frame))? {
                    if drawn.viewports != hits.viewports {
                        events.push(Event::Drawn(drawn.viewports.clone()));
                    }
                    hits = drawn;
                }
                dirty = false;
                earliest = Instant::now() + FRAME;
                due = earliest;
                // Sizes are bookkeeping: they ask for no frame of their own, unless what follows does.
                let effects = feed(state, events.drain(..));
                carry_out(state, effects, workers);
                continue;
            }
            got = inbox.next() => match got {
                Some(event) => {
                    events.push(event);
                    while events.len() < BATCH && let Some(event) = inbox.try_next() {
                        events.push(event);
                    }
                }
                None => events.push(Event::Quit),
            },
            Some(bytes) = bytes.recv() => {
                screen.write(&bytes)?;
                continue;
            }
            () = sleep_until(earliest + MINUTE) => events.push(Event::Wake),
        }
        if events.iter().any(is_awaited) {
            (dirty, due) = (true, earliest);
        } else if !dirty && !events.is_empty() {
            (dirty, due) = (true, earliest.max(Instant::now() + GATHER));
        }
        let effects = feed(state, events);
        match carry_out(state, effects, workers) {
            Turn::Go => {}
            Turn::Quit => return Ok(()),
            Turn::Suspend => {
                suspend(&mut input, screen)?;
            }
            Turn::Edit(text) => {
                let edited = lend(&mut input, screen, &text)?;
                // What was pressed in the editor was not meant for this program.
                signals.interrupt = signal(SignalKind::interrupt())?;
                let effects = feed(state, [Event::Done(Done::Edited(edited))]);
                carry_out(state, effects, workers);
                (dirty, due) = (true, earliest);
            }
        }
    }
}

/// Stops until the shell continues the program. The old stream goes first: as long as it reads, a new one waits for a key.
fn suspend(input: &mut Option<EventStream>, screen: &mut Screen) -> io::Result<()> {
    *input = None;
    screen.suspend()?;
    *input = Some(EventStream::new());
    Ok(())
}

/// Lets the operator's editor have the terminal until it ends. Everything else waits meanwhile: there is nobody to see it.
fn lend(input: &mut Option<EventStream>, screen: &mut Screen, text: &str) -> io::Result<Result<String, Fault>> {
    *input = None;
    let edited = screen.lend(|| editor::edit(text));
    *input = Some(EventStream::new());
    edited
}

async fn next_input(input: &mut Option<EventStream>) -> Option<io::Result<TerminalEvent>> {
    match input {
        Some(stream) => stream.next().await,
        None => None,
    }
}

/// True for what the operator waits for, or reads as it is written; other news wait for each other.
fn is_awaited(event: &Event) -> bool {
    match event {
        Event::Input(_)
        | Event::Transcript(_)
        | Event::Gate(_)
        | Event::Rules(_)
        | Event::Kinds(_)
        | Event::Table(_)
        | Event::Done(_)
        | Event::Check(_)
        | Event::Quit => true,
        Event::Agents(_)
        | Event::Board(_)
        | Event::Git(_)
        | Event::Cluster(_)
        | Event::Drift(_)
        | Event::Search(_)
        | Event::Past(_)
        | Event::Evidence(_)
        | Event::SourceFault(..)
        | Event::Drawn(_)
        | Event::Wake => false,
    }
}

fn feed(state: &mut State, events: impl IntoIterator<Item = Event>) -> Effects {
    let now = Timestamp::now();
    events.into_iter().flat_map(|event| update(state, now, event)).collect()
}

fn carry_out(state: &State, effects: Effects, workers: &Workers) -> Turn {
    let mut turn = Turn::Go;
    for effect in effects {
        match effect {
            Effect::OpenTranscript { path, generation } => workers.transcript.open(path, generation),
            Effect::CloseTranscript => workers.transcript.close(),
            Effect::LoadPage { generation, request } => workers.transcript.load(generation, request),
            Effect::Search(request) => workers.searcher.search(*request),
            Effect::StopSearch => workers.searcher.stop(),
            Effect::Seek { generation, request } => workers.transcript.seek(generation, request),
            Effect::EndSeek => workers.transcript.end_seek(),
            Effect::CopyPassage { passage, form } => workers.hands.copy_passage(*passage, form, state.now),
            Effect::ReadRecord(place) => workers.hands.read_record(place),
            Effect::Reveal { place, digest } => workers.hands.reveal(place, digest, state.now),
            Effect::LoadCommits(limit) => workers.git.load(limit),
            Effect::OfferBriefs => workers.hands.offer_briefs(),
            Effect::CheckBrief(request) => workers.hands.check_brief(*request),
            Effect::KeepDraft(draft) => workers.hands.keep_draft(*draft),
            Effect::KeepDraftNow(draft) => workers.hands.keep_draft_now(*draft),
            Effect::DropDraft(name) => workers.hands.drop_draft(name),
            Effect::SaveBrief(save) => workers.hands.save_brief(*save, state.now),
            Effect::ReadLibrary => workers.hands.read_library(),
            Effect::ReadExcerpt(path) => workers.hands.read_excerpt(path),
            Effect::EditOutside(text) => turn = Turn::Edit(text),
            Effect::HandOff(wanted) => workers.hands.hand_off(*wanted),
            Effect::PassOn { passage, to } => workers.hands.pass_on(*passage, *to),
            Effect::ChangeTask(change) => workers.hands.change_task(*change, state.now),
            Effect::UndoTask(undo) => workers.hands.undo_task(*undo, state.now),
            Effect::Copy { text, what } => workers.hands.copy(text, what, state.now),
            Effect::Decide { gate, decision } => workers.hands.decide(*gate, decision, state.now),
            Effect::ReadGateFacts { gate, transcript, sub_agent } => {
                workers.hands.read_gate_facts(gate, transcript, sub_agent);
            }
            Effect::AcceptRules(change) => workers.hands.accept_rules(*change, state.now),
            Effect::ReleaseGate(gate) => workers.hands.release_gate(&gate),
            Effect::NoteGate { gate, why } => workers.hands.note_gate(*gate, why, state.now),
            Effect::CheckDrift { fabric, key } => {
                workers.hands.check_drift(workers.drift.clone(), fabric, key, state.now);
            }
            Effect::RunCheck(request) => workers.hands.run_check(*request),
            Effect::StopCheck(name) => workers.hands.checks.stop(&name),
            Effect::ReadCheck { title, file } => workers.hands.read_check(title, file),
            Effect::ReadPast => workers.hands.read_past(),
            Effect::LookAtEvidence(request) => workers.evidence.look(*request),
            Effect::SignOff(sign_off) => workers.hands.sign_off(*sign_off, state.now),
            Effect::ReadJournal => workers.hands.read_journal(),
            Effect::ReadBriefs => workers.hands.read_briefs(),
            Effect::ShowBrief(brief) => workers.hands.show_brief(*brief),
            Effect::ReopenBrief { brief, agent } => workers.hands.reopen_brief(*brief, agent),
            Effect::CompareBriefs(briefs) => workers.hands.compare_briefs(*briefs),
            Effect::LookAtPane(receiver) => workers.hands.look_at_pane(*receiver),
            Effect::Send(order) => workers.hands.send(*order),
            Effect::Browse(at) => workers.drift.browser().look(at),
            Effect::ReadObject(place) => workers.drift.browser().read(place),
            Effect::ListKinds => workers.drift.browser().list_kinds(),
            Effect::Refresh => {
                workers.git.refresh();
                workers.board.refresh();
                workers.drift.refresh();
                workers.refresh.send_modify(|count| *count += 1);
                workers.hands.refreshed();
            }
            Effect::WatchClusters(everything) => workers.drift.watch(everything),
            Effect::Reconnect(context) => workers.drift.reconnect(&context),
            Effect::DriftDetail(request) => workers.drift.detail(request),
            Effect::Notify(notice) => workers.hands.notify(*notice),
            Effect::KeepHushes { hushes, note } => workers.hands.keep_hushes(hushes, note, state.now),
            Effect::StatusLine(line) => workers.hands.status_line(line),
            Effect::Suspend => turn = Turn::Suspend,
            Effect::Quit => return Turn::Quit,
        }
    }
    turn
}

/// What the terminal says, as an event of ours; nothing for what means nothing here.
fn translate(event: TerminalEvent, hits: &HitMap) -> Option<Event> {
    let input = match event {
        TerminalEvent::Key(key) if key.kind == KeyEventKind::Release => return None,
        TerminalEvent::Key(key) => Input::Key(key),
        TerminalEvent::Paste(text) => Input::Paste(text),
        TerminalEvent::Resize(columns, rows) => Input::Resize(columns, rows),
        TerminalEvent::FocusGained => Input::Focus(true),
        TerminalEvent::FocusLost => Input::Focus(false),
        TerminalEvent::Mouse(MouseEvent { kind, column, row, .. }) => {
            let kind = match kind {
                MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
                MouseEventKind::ScrollDown => MouseKind::Scroll(WHEEL),
                MouseEventKind::ScrollUp => MouseKind::Scroll(-WHEEL),
                _ => return None,
            };
            Input::Mouse(Mouse { kind, target: hits.at(column, row) })
        }
    };
    Some(Event::Input(input))
}
