//! Reading a transcript: going from landmark to landmark, selecting, quoting, and the record behind an entry.

use crate::config::layout::PaneKind;
use crate::domain::fault::Fault;
use crate::domain::text;
use crate::domain::transcript::Tone;
use crate::domain::transcript::landmark::Landmark;
use crate::domain::transcript::passage::Form;
use crate::effect::{Effect, Effects};
use crate::event::{PassageDone, RawRecord, RecordPlace, Revealed, SeekChange, SeekNews, SeekRequest};
use crate::state::State;
use crate::state::popup::{Popup, Question, RecordView};
use crate::state::transcript::landmark::Jump;
use crate::state::transcript::rows::size;

use super::{copied, decide, tone};

/// Goes to the nearest landmark of a kind, wherever in the file it is.
pub fn jump(state: &mut State, landmark: Landmark, forward: bool) -> Effects {
    let (width, height) = state.viewport(PaneKind::Transcript);
    match state.transcript.jump(landmark, forward, width, height) {
        Jump::Here => {}
        Jump::Nothing => state.say(Tone::Info, nothing(landmark, forward)),
        Jump::Filtered => {
            let none = nothing(landmark, forward);
            state.say(Tone::Info, format!("{none} in what is loaded; without the filter all of the file is looked at"));
        }
        Jump::Beyond(request) => {
            state.transcript.seeking = Some(request);
            state.say(Tone::Info, looking(request, None));
            return vec![Effect::Seek { generation: state.transcript.generation, request }];
        }
    }
    Effects::new()
}

fn nothing(landmark: Landmark, forward: bool) -> String {
    format!("no {} {}", if forward { "later" } else { "earlier" }, landmark.name())
}

fn looking(request: SeekRequest, progress: Option<(u64, u64)>) -> String {
    let what = match (request.forward, request.landmark.name()) {
        (true, name) => format!("a later {name}"),
        (false, name) => format!("an earlier {name}"),
    };
    let progress = progress.map(|(bytes, of)| format!(" {} of {},", size(bytes), size(of))).unwrap_or_default();
    format!("looking for {what}…{progress} esc stops")
}

/// Leaves off looking for a landmark: whatever the operator does next is about what is seen now.
pub fn interrupt(state: &mut State) -> Effects {
    if state.transcript.seeking.take().is_some() { vec![Effect::EndSeek] } else { Effects::new() }
}

/// News of a landmark. Those of one that is not looked for any more are dropped.
pub fn sought(state: &mut State, news: SeekNews) {
    let SeekNews { request, what } = news;
    if state.transcript.seeking != Some(request) {
        return;
    }
    if let SeekChange::Looked { bytes, of } = what {
        state.say(Tone::Info, looking(request, Some((bytes, of))));
        return;
    }
    state.transcript.seeking = None;
    match what {
        SeekChange::Found(offset, place) => {
            state.screen.message = None;
            state.transcript.visit_entry((offset, place));
        }
        SeekChange::Nothing | SeekChange::Looked { .. } => {
            state.say(Tone::Info, nothing(request.landmark, request.forward));
        }
        SeekChange::Lost => state.say(Tone::Warning, "the file has changed: it is no longer looked through"),
        SeekChange::Fault(fault) => state.complain(&fault),
    }
}

/// Begins to select rows, or leaves off.
pub fn select(state: &mut State) {
    let (width, height) = state.viewport(PaneKind::Transcript);
    state.transcript.select(width, height);
}

/// Copies what is selected, or the entry at the cursor, with its source.
pub fn copy_passage(state: &mut State, form: Form) -> Effects {
    let (width, height) = state.viewport(PaneKind::Transcript);
    let Some(id) = state.transcript.agent.clone() else {
        state.say(Tone::Info, "no transcript is open");
        return Effects::new();
    };
    let agent = state.agents.find(&id).map_or(id.0.as_str(), |agent| agent.name.as_str());
    match state.transcript.passage(agent, width, height) {
        Ok(passage) => {
            state.transcript.unselect();
            state.say(Tone::Info, "counting the lines before it…");
            vec![Effect::CopyPassage { passage: Box::new(passage), form }]
        }
        Err(why) => {
            state.say(Tone::Warning, why);
            Effects::new()
        }
    }
}

/// A passage was copied, or was not.
pub fn passage_done(state: &mut State, done: Result<PassageDone, Fault>) {
    match done {
        Ok(done) => {
            let lines = if done.lines == 1 { "1 line".to_owned() } else { format!("{} lines", done.lines) };
            let what = format!("{} of {lines}, {}", done.form.name(), size(done.bytes as u64));
            state.say(tone(&done.copy), format!("{what} · {}", copied(&done.copy)));
        }
        Err(fault) => state.complain(&fault),
    }
}

/// Shows the record at the cursor.
pub fn record(state: &mut State) -> Effects {
    open(state, false)
}

fn open(state: &mut State, ask: bool) -> Effects {
    let (width, height) = state.viewport(PaneKind::Transcript);
    let (_, cursor) = state.transcript.view(width, height);
    let Some(entry) = state.transcript.entries.get(cursor.entry) else {
        state.say(Tone::Info, "there is no record at the cursor");
        return Effects::new();
    };
    let place = RecordPlace { file: state.transcript.path.clone(), offset: entry.offset };
    let view = RecordView { ask, ..RecordView::new(place.clone()) };
    state.screen.popup = Some(Popup::Record(view));
    vec![Effect::ReadRecord(place)]
}

/// Asks whether to show what is hidden in a record: the one that is shown, or the one at the cursor.
pub fn reveal(state: &mut State) -> Effects {
    match &state.screen.popup {
        Some(Popup::Record(view)) => {
            if let (Some(record), None) = (&view.record, &view.revealed) {
                let (place, record) = (view.place.clone(), record.clone());
                ask_to_reveal(state, place, record);
            }
            Effects::new()
        }
        _ => open(state, true),
    }
}

fn ask_to_reveal(state: &mut State, place: RecordPlace, record: RawRecord) {
    if record.hidden == 0 {
        state.say(Tone::Info, "nothing is hidden in this record");
        return;
    }
    decide::ask(state, Question::Reveal(place, record));
}

/// The operator has said yes: the record is shown once the journal has it.
pub fn revealing(state: &mut State, place: RecordPlace, record: RawRecord) -> Effects {
    let digest = record.digest.clone();
    let view = RecordView { record: Some(record), ..RecordView::new(place.clone()) };
    state.screen.popup = Some(Popup::Record(view));
    state.say(Tone::Info, "writing it into the journal…");
    vec![Effect::Reveal { place, digest }]
}

/// A record was read. It is for the popup that asked for it, if that still stands.
pub fn record_read(state: &mut State, place: &RecordPlace, read: Result<RawRecord, Fault>) {
    let Some(Popup::Record(view)) = &mut state.screen.popup else { return };
    if view.place != *place || view.record.is_some() {
        return;
    }
    match read {
        Ok(record) => {
            let question = std::mem::take(&mut view.ask).then(|| (view.place.clone(), record.clone()));
            view.record = Some(record);
            if let Some((place, record)) = question {
                ask_to_reveal(state, place, record);
            }
        }
        Err(fault) => {
            state.screen.popup = None;
            state.complain(&fault);
        }
    }
}

/// A record may be shown with nothing hidden: in the popup that it was asked for, and nowhere else.
pub fn revealed(state: &mut State, place: &RecordPlace, outcome: Result<Revealed, Fault>) {
    match (outcome, &mut state.screen.popup) {
        (Ok(text), Some(Popup::Record(view))) if view.place == *place && view.record.is_some() => {
            view.revealed = Some(text);
            state.screen.message = None;
        }
        (Ok(_), _) => {}
        (Err(fault), _) => state.complain(&fault),
    }
}

/// Copies the record that is shown, with its secrets hidden.
pub fn copy_record(state: &mut State) -> Effects {
    match &state.screen.popup {
        Some(Popup::Record(RecordView { record: Some(record), .. })) => {
            vec![Effect::Copy { text: record.text.clone(), what: "transcript record".to_owned() }]
        }
        _ => Effects::new(),
    }
}

/// Rows of the record that is shown, in a popup of so many columns.
pub fn record_rows(view: &RecordView, columns: u16) -> usize {
    view.text().map_or(0, |shown| text::wrap(shown, usize::from(columns)).len())
}
