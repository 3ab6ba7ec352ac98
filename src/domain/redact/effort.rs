//! How much of a text was looked at in all: what tests hold against its length. Nothing is counted outside of them.

#[cfg(test)]
thread_local! {
    static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Notes that a rule looks at so many bytes.
#[inline]
pub(super) fn spend(bytes: usize) {
    #[cfg(test)]
    LOOKED_AT.with(|sum| sum.set(sum.get() + bytes));
    #[cfg(not(test))]
    let _ = bytes;
}

/// Bytes looked at by `work`, on this thread.
#[cfg(test)]
pub(super) fn of<T>(work: impl FnOnce() -> T) -> usize {
    LOOKED_AT.with(|sum| sum.set(0));
    work();
    LOOKED_AT.with(std::cell::Cell::get)
}
