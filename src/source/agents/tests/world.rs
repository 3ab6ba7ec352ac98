//! What the world does to files: very many folders, clocks that jump.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::{Home, append, ids, live, prompt};
use crate::source::agents::roster::{Roster, Scope};

#[tokio::test]
async fn three_thousand_folders_are_followed() {
    let home = Home::new();
    for n in 0..3_000 {
        append(&home.transcript(&format!("-p{n}/s{n}.jsonl")), prompt(Path::new("/else/where"), "one"));
    }
    append(&home.transcript("-mine/mine.jsonl"), prompt(&home.root(), "begin"));
    let mut live = live(home.session());
    live.until("the agent of this folder", |news| ids(&news.agents) == ["mine"]).await;
    append(&home.transcript("-p2999/s2999.jsonl"), prompt(&home.root(), "moved"));
    live.until("one in the last folder", |news| ids(&news.agents) == ["mine", "s2999"]).await;
    append(&home.transcript("-new/new.jsonl"), prompt(&home.root(), "new"));
    live.until("one in a new folder", |news| news.agents.len() == 3).await;
}

#[test]
fn clocks_that_jump_and_files_from_the_future_are_followed_all_the_same() {
    let home = Home::new();
    let path = home.transcript("-p/s1.jsonl");
    let at = |at: &str, text: &str| {
        format!(
            "{{\"type\":\"user\",\"cwd\":\"{}\",\"timestamp\":\"{at}\",\"message\":{{\"content\":\"{text}\"}}}}\n",
            home.root().display()
        )
    };
    append(&path, at("2099-01-01T00:00:00Z", "from the future") + &at("2020-01-01T00:00:00Z", "from the past"));
    let touch = |years: u64| {
        let time = UNIX_EPOCH + Duration::from_secs(years * 31_557_600);
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    };
    touch(120);
    let mut roster = Roster::new(Scope::new(Arc::new(home.session()), Vec::new(), false));
    assert!(roster.rescan());
    let agent = |roster: &mut Roster| roster.news(jiff::Timestamp::now(), None).agents.swap_remove(0);
    // The order of the file counts, not that of the clocks.
    assert_eq!(agent(&mut roster).last_action.as_deref(), Some("prompt: from the past"));
    assert_eq!(agent(&mut roster).last_activity, Some("2099-01-01T00:00:00Z".parse().unwrap()));
    // A look finds what was added though the file is older now than it was, as a file system without events needs it.
    append(&path, at("2021-01-01T00:00:00Z", "added"));
    touch(1);
    assert!(roster.rescan());
    assert_eq!(agent(&mut roster).last_action.as_deref(), Some("prompt: added"));
    assert!(!roster.rescan());
}
