//! What the allocator keeps although nobody uses it.
//!
//! glibc's raises the size from which it takes memory from the system piece by piece whenever a large piece is freed, and
//! keeps twice as much at the end of each of its arenas. One that served a short burst of reading thus holds megabytes of
//! nothing from then on (`mallopt(3)`, `M_MMAP_THRESHOLD`). Other allocators are left as they are.

pub use imp::{give_back, keep_little};

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod imp {
    /// Pieces from this size on go back to the system as soon as they are freed. A frame needs less, and is not to be mapped
    /// anew each time.
    const LARGE: i32 = 1024 * 1024;

    /// Lets the allocator keep little of what is freed, for the rest of the process.
    #[allow(unsafe_code, reason = "the standard library has no way to say this")]
    pub fn keep_little() {
        // SAFETY: it takes two numbers, and locks what it changes. Refused, nothing has changed.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
    }

    /// Gives back to the system what lies free between pieces in use. Takes some milliseconds, in which others that
    /// allocate may have to wait: for when much was read that will not be read again.
    #[allow(unsafe_code, reason = "the standard library has no way to say this")]
    pub fn give_back() {
        // SAFETY: it takes a number, locks one arena after the other, and touches no memory in use.
        unsafe { libc::malloc_trim(0) };
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod imp {
    /// Lets the allocator keep little of what is freed: nothing is known of this one.
    pub fn keep_little() {}

    /// Gives back to the system what lies free between pieces in use: nothing is known of this allocator.
    pub fn give_back() {}
}
