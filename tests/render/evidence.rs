//! What an agent says and did, as it was found for the review.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hnpwb::domain::evidence::known::Gathered;
use hnpwb::domain::evidence::{FileFact, InGit, Told};
use hnpwb::domain::transcript::claude::Claude;
use hnpwb::domain::transcript::format::Format;
use hnpwb::domain::work::Work;
use hnpwb::event::Event;
use hnpwb::state::State;
use serde_json::json;

use crate::fixture;

/// What the agent of the task that is done says and did, as it was found.
pub fn found(state: &State, say: fixture::Say) -> Event {
    let agent = state.agents.agents.iter().find(|agent| agent.name == "specialist-crd");
    let agent = agent.or(state.agents.agents.first()).expect("an agent");
    let call = |id: &str, tool: &str, input: serde_json::Value| json!({"type": "assistant", "message": {"content": [{"type": "tool_use", "id": id, "name": tool, "input": input}]}});
    let result = |id: &str| json!({"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": id, "content": "12 passed"}]}});
    let said = say("Done. All twelve CRDs are imported, and all tests pass.");
    let records = [
        call("a", "Bash", json!({"command": "python -m pytest -q tests/test_crd.py"})),
        result("a"),
        call("b", "Edit", json!({"file_path": "/repo/hnp/crd/importer.py", "old_string": "a", "new_string": "b"})),
        result("b"),
        json!({"type": "assistant", "message": {"content": [{"type": "text", "text": said}]}}),
    ];
    let mut work = Work::default();
    for (record, line) in records.iter().zip(1_u64..) {
        Claude.entries(line * 100, record.to_string().as_bytes()).iter().for_each(|entry| work.take(line, entry));
    }
    let path = PathBuf::from("/repo/hnp/crd/importer.py");
    let fact = FileFact { path: path.clone(), exists: true, git: InGit::Changed, ..FileFact::default() };
    Event::Evidence(Arc::new(Gathered {
        told: BTreeMap::from([(agent.id.clone(), Arc::new(Told::of(work)))]),
        files: BTreeMap::from([(path, fact)]),
        commits: Vec::new(),
    }))
}
