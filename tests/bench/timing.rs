//! Times in process, for the examples that measure.

use std::time::{Duration, Instant};

/// Runs something this often and prints the median, the least and the most that it took.
pub fn median(what: &str, runs: usize, mut run: impl FnMut()) {
    let mut took: Vec<Duration> = (0..runs)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed()
        })
        .collect();
    took.sort();
    println!("{what:<56} {:>9.3?} (least {:>9.3?}, most {:>9.3?})", took[runs / 2], took[0], took[runs - 1]);
}
