//! Looks at a brief while it is written, away from the loop: counts its tokens and lints it. Only the latest text counts.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use crate::domain::brief::check::{check, named};
use crate::domain::brief::facts::{Facts, Ground};
use crate::domain::brief::tokens;
use crate::effect::LintRequest;
use crate::event::{BriefChecked, Done, Event};
use crate::source::Outbox;
use crate::source::ground::{self, Places};

/// How long what was found on disk counts as current while a brief is written.
const FRESH: Duration = Duration::from_secs(10);
/// Bytes of a file up to which its tokens are counted; of a larger one they are estimated from its size.
const COUNTED: u64 = 1 << 20;

/// Asks for a look. When the last one is dropped, the worker ends.
#[derive(Debug, Clone)]
pub struct Desk {
    latest: watch::Sender<Option<LintRequest>>,
}

impl Desk {
    /// Starts the worker. Must be called within a runtime.
    pub fn spawn(places: Places, outbox: Outbox) -> Self {
        let (latest, requests) = watch::channel(None);
        tokio::spawn(run(places, outbox, requests));
        Self { latest }
    }

    /// Looks at this text; one that was not looked at yet is given up.
    pub fn check(&self, request: LintRequest) {
        self.latest.send_replace(Some(request));
    }
}

async fn run(places: Places, outbox: Outbox, mut requests: watch::Receiver<Option<LintRequest>>) {
    let mut looker = Looker::new(places);
    while requests.changed().await.is_ok() {
        let Some(request) = requests.borrow_and_update().clone() else { continue };
        let redactor = outbox.redactor().clone();
        let looked = tokio::task::spawn_blocking(move || {
            let facts = looker.facts(&request);
            let checked = check(&request.text, &request.aim, &facts, &redactor);
            (looker, BriefChecked { generation: request.generation, checked })
        });
        // A look that panics has its worker's knowledge with it.
        let Ok((back, checked)) = looked.await else { return };
        looker = back;
        outbox.send(Event::Done(Done::BriefChecked(Box::new(checked)))).await;
    }
}

/// What is kept from one look to the next.
#[derive(Debug)]
pub struct Looker {
    places: Places,
    ground: Option<(Arc<Ground>, Instant)>,
    sizes: HashMap<String, (Option<SystemTime>, u64, usize)>,
}

impl Looker {
    /// Knows nothing yet.
    pub fn new(places: Places) -> Self {
        Self { places, ground: None, sizes: HashMap::new() }
    }

    /// What a brief is held against. Blocks.
    pub fn facts(&mut self, request: &LintRequest) -> Facts {
        let known = self.ground.as_ref().filter(|(_, at)| at.elapsed() < FRESH).map(|(ground, _)| Arc::clone(ground));
        let ground = known.unwrap_or_else(|| {
            let ground = Arc::new(ground::read(&self.places));
            self.ground = Some((Arc::clone(&ground), Instant::now()));
            ground
        });
        let mut facts = Facts { ground, world: Arc::clone(&request.world), sizes: BTreeMap::new() };
        let named = named(&request.text, &facts);
        facts.sizes = named.into_iter().filter_map(|path| Some((path.clone(), self.size(&path)?))).collect();
        facts
    }

    /// Tokens of a file that a brief names; counted once as long as it stays the same.
    fn size(&mut self, path: &str) -> Option<usize> {
        let file = self.find(path)?;
        let metadata = std::fs::metadata(&file).ok()?;
        let (modified, bytes) = (metadata.modified().ok(), metadata.len());
        if let Some((at, of, tokens)) = self.sizes.get(path)
            && (*at, *of) == (modified, bytes)
        {
            return Some(*tokens);
        }
        let tokens = if bytes > COUNTED {
            tokens::of_bytes(bytes)
        } else {
            tokens::count(&String::from_utf8_lossy(&std::fs::read(&file).ok()?))
        };
        self.sizes.insert(path.to_owned(), (modified, bytes, tokens));
        Some(tokens)
    }

    fn find(&self, path: &str) -> Option<PathBuf> {
        let places = std::iter::once(&self.places.root).chain(&self.places.repos);
        places.map(|root: &PathBuf| root.join(Path::new(path))).find(|file| file.is_file())
    }
}

#[cfg(test)]
mod tests {
    use super::Desk;
    use crate::domain::brief::lint::{Aim, Rule};
    use crate::effect::LintRequest;
    use crate::event::{Done, Event};
    use crate::source::ground::Places;
    use crate::source::mailbox::mailbox;

    #[tokio::test]
    async fn the_latest_text_is_looked_at_with_what_it_names() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("notes.md"), "word ".repeat(500)).unwrap();
        let (outbox, mut inbox) = mailbox();
        let desk = Desk::spawn(Places { root: dir.path().to_owned(), ..Places::default() }, outbox);
        for generation in 1..=3 {
            let text = "Read `notes.md` and `gone.md`.\n".to_owned();
            let aim = Aim { left: Some(600), ..Aim::default() };
            desk.check(LintRequest { generation, text, aim, world: std::sync::Arc::default() });
        }
        loop {
            let Some(Event::Done(Done::BriefChecked(news))) = inbox.next().await else { panic!("no answer") };
            if news.generation < 3 {
                continue;
            }
            let rules: Vec<Rule> = news.checked.findings.iter().map(|finding| finding.rule).collect();
            assert!(rules.contains(&Rule::MissingFile) && rules.contains(&Rule::OverBudget), "{rules:?}");
            assert!(news.checked.budget.loads[0].tokens.unwrap() > 400);
            return;
        }
    }
}
