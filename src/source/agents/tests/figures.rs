//! Figures of whole trees, once and while they grow.

use std::fs;
use std::sync::Arc;

use super::{Home, append, generate, live, prompt};
use crate::event::AgentsNews;
use crate::source::agents::{Tally, snapshot};

#[test]
fn figures_of_a_generated_tree_are_those_that_were_written() {
    let home = Home::new();
    let written = generate::tree(&home.claude(), 60, 12_000_000, 7);
    let mut session = home.session();
    session.root.clone_from(&written.root);
    let (news, tallies) = snapshot(Arc::new(session), Vec::new(), false);
    let agents = || news.agents.iter().filter(|agent| !agent.inside_parent);
    assert_eq!(agents().count(), written.files);
    assert_eq!(agents().filter(|agent| agent.parent.is_some()).count(), written.sub_agents);
    assert_eq!(agents().map(|agent| agent.size).sum::<u64>(), written.bytes);
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    assert_eq!(sum(|tally| tally.counts.records), written.lines);
    assert_eq!(sum(|tally| tally.counts.prompts), written.prompts);
    assert_eq!(sum(|tally| tally.counts.tool_calls), written.tool_calls);
    assert_eq!(sum(|tally| tally.counts.errors), written.errors);
    assert_eq!(sum(|tally| tally.counts.compactions), written.compactions);
    assert_eq!(sum(|tally| tally.counts.unknown_records), written.unknown);
    assert_eq!(sum(|tally| tally.counts.malformed_records), written.malformed);
    let input = [
        sum(|tally| tally.tokens.input),
        sum(|tally| tally.tokens.cache_creation),
        sum(|tally| tally.tokens.cache_read),
    ];
    assert_eq!((input, sum(|tally| tally.tokens.output)), (written.input, written.output));
    // All that makes it hard is in it.
    let hard = [written.forks as u64, written.errors, written.compactions, written.unknown, written.malformed];
    assert!(hard.iter().all(|count| *count > 0), "{written:?}");
    let repeated = written.message_lines as f64 / written.messages as f64;
    assert!((1.9..2.3).contains(&repeated), "{repeated}");
    assert!(news.figures.is_none() && agents().all(|agent| agent.figures.is_some()));
    // The same seed writes the same (in a folder with a name of the same length: it is in the records).
    let again = generate::tree(&home.folder.path().join("claud2"), 60, 12_000_000, 7);
    assert_eq!((again.bytes, again.lines), (written.bytes, written.lines));
}

#[tokio::test]
async fn a_running_workbench_has_the_same_figures_behind_its_first_screen_and_follows() {
    let home = Home::new();
    let written = generate::tree(&home.claude(), 60, 3_000_000, 11);
    let mut session = home.session();
    session.root.clone_from(&written.root);
    let (_, tallies) = snapshot(Arc::new(session.clone()), Vec::new(), false);
    let mut live = live(session);
    let all = |news: &AgentsNews| {
        let mut own = news.agents.iter().filter(|agent| !agent.inside_parent);
        news.figures.is_none() && own.all(|agent| agent.figures.is_some())
    };
    let news = live.until("every figure", |news| news.agents.len() >= written.files && all(news)).await;
    let of = |news: &AgentsNews| -> Vec<_> {
        let figures = news.agents.iter().filter_map(|agent| Some((agent.id.clone(), agent.figures.clone()?)));
        figures.map(|(id, figures)| (id, figures.tokens, figures.counts)).collect()
    };
    let once: Vec<_> = tallies.iter().map(|tally| (tally.id.clone(), tally.tokens, tally.counts)).collect();
    assert_eq!(of(&news), once);
    let total = |news: &AgentsNews| of(news).iter().map(|(_, tokens, _)| tokens.output).sum::<u64>();
    assert_eq!(total(&news), written.output);
    let answer = |id: &str, output: u64| {
        format!(
            "{{\"type\":\"assistant\",\"requestId\":\"r\",\"message\":{{\"id\":\"{id}\",\"content\":[],\"usage\":{{\"output_tokens\":{output}}}}}}}\n"
        )
    };
    append(&written.largest, answer("new", 3) + &answer("new", 1_000));
    live.until("what was added", |news| total(news) == written.output + 1_000).await;
    // A fork of it adds nothing but what is its own; and a file that is written anew is read anew.
    let fork = written.largest.with_file_name("fork.jsonl");
    let history = fs::read_to_string(&written.largest).unwrap();
    append(&fork, history + &answer("own", 20));
    live.until("the fork", |news| all(news) && total(news) == written.output + 1_020).await;
    fs::write(&fork, prompt(&written.root, "anew") + &answer("other", 7)).unwrap();
    live.until("the file anew", |news| all(news) && total(news) == written.output + 1_007).await;
}
