//! What watching a transcript for signals costs: one record that is appended, of the kinds and lengths of real ones, and the
//! tail that is read at first. Budget: 50 µs for a record.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hnpwb::domain::redact::Redactor;
use hnpwb::domain::signal::{Levels, Watch};
use hnpwb::domain::transcript::claude::Claude;

#[path = "generate.rs"]
mod generate;

/// Bytes of the transcript.
const BYTES: u64 = 16 * 1024 * 1024;
/// Bytes that are read of a transcript's end at first.
const TAIL: usize = 512 * 1024;

fn watch() -> Watch {
    Watch::new(PathBuf::from("/t/a.jsonl"), false, Some(0), &Levels::built_in(), Redactor::default())
}

fn signals(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.jsonl");
    generate::long(&path, folder.path(), BYTES, 7);
    let text = std::fs::read(&path).expect("a transcript");
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let mut watched = watch();
    for line in &lines {
        watched.line(&Claude, 0, line);
    }
    let mut at = 0;
    criterion.bench_function("signals/one appended record", |bencher| {
        bencher.iter(|| {
            at = (at + 1) % lines.len();
            watched.line(&Claude, 0, black_box(lines[at]));
        });
    });
    let tail = &text[text.len() - TAIL..];
    let tail: Vec<&[u8]> = tail.split(|byte| *byte == b'\n').skip(1).collect();
    criterion.bench_function("signals/the tail of one transcript", |bencher| {
        bencher.iter_batched(
            watch,
            |mut watch| {
                for line in &tail {
                    watch.line(&Claude, 0, line);
                }
                watch
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, signals);
criterion_main!(benches);
