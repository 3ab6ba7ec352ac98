//! Work on many things that do not hang on each other, shared among the processors.

use std::num::NonZero;
use std::thread;

/// What a thread costs is worth it from so many things on.
const MANY: usize = 512;

/// Threads at most: beyond that what is done with the results takes longer than the work.
const THREADS: usize = 8;

/// Does two things at once, where there are enough to do them for.
pub fn both<A: Send, B>(count: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if count < MANY {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (joined(one), other)
    })
}

/// Splits `items` into parts, one for each thread, and does `work` on each part. The results are in the order of the parts.
pub fn in_parts<'i, T: Sync, R: Send>(items: &'i [T], work: impl Fn(&'i [T]) -> R + Sync) -> Vec<R> {
    if items.len() < MANY {
        return vec![work(items)];
    }
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(THREADS);
    in_parts_of(items, items.len().div_ceil(threads), work)
}

fn in_parts_of<'i, T: Sync, R: Send>(items: &'i [T], size: usize, work: impl Fn(&'i [T]) -> R + Sync) -> Vec<R> {
    let mut parts = items.chunks(size);
    let Some(first) = parts.next() else { return Vec::new() };
    thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let mut results = vec![work(first)];
        results.extend(others.into_iter().map(joined));
        results
    })
}

/// What a thread came to. What fells one fells whoever waits for it.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|why| std::panic::resume_unwind(why))
}

#[cfg(test)]
mod tests {
    use super::{both, in_parts, in_parts_of};

    #[test]
    fn two_things_come_to_what_each_comes_to() {
        for count in [0, 5_000] {
            let (mut one, other) = (1, 2);
            assert_eq!(both(count, || one += other, || other * 2), ((), 4));
            assert_eq!(one, 3);
        }
    }

    #[test]
    fn the_results_are_those_of_all_things_in_their_order() {
        let items: Vec<u32> = (0..2_000).collect();
        for size in [1, 7, 999, 2_000, 5_000] {
            assert_eq!(in_parts_of(&items, size, <[u32]>::to_vec).concat(), items);
        }
        assert_eq!(in_parts(&items, <[u32]>::to_vec).concat(), items);
        assert_eq!(in_parts(&items[..3], <[u32]>::to_vec).concat(), [0, 1, 2]);
        assert_eq!(in_parts(&items[..0], <[u32]>::to_vec).concat(), [0; 0]);
    }
}
