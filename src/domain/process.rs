//! What `/proc/PID/stat` says (proc_pid_stat(5)). The second field, the name, may itself hold spaces and parentheses, so
//! fields are counted from its last closing one.

/// Field 22: when the process was started. With the process id it names a process for good.
pub fn start_time(stat: &[u8]) -> Option<String> {
    let field = fields_after_name(stat)?.nth(22 - 3)?;
    String::from_utf8(field.to_vec()).ok()
}

/// Field 3 is the state; a zombie has ended and waits for its parent to notice.
pub fn is_zombie(stat: &[u8]) -> bool {
    fields_after_name(stat).and_then(|mut fields| fields.next()).is_some_and(|state| matches!(state, b"Z" | b"X"))
}

/// Field 4: the parent's process id.
pub fn parent(stat: &[u8]) -> Option<u32> {
    std::str::from_utf8(fields_after_name(stat)?.nth(1)?).ok()?.parse().ok()
}

/// The fields from the third on.
pub fn fields_after_name(stat: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let name_end = memchr::memrchr(b')', stat)?;
    Some(stat[name_end + 1..].split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::{is_zombie, parent, start_time};

    const STAT: &[u8] = b"42 (a) b (c)) S 7 42 42 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 11 0 8163 1000 200 184 1 1 0 0 0";

    #[test]
    fn fields_are_counted_behind_the_name() {
        assert_eq!((start_time(STAT).as_deref(), parent(STAT), is_zombie(STAT)), (Some("8163"), Some(7), false));
        assert_eq!((start_time(b"odd"), parent(b"odd"), is_zombie(b"1 (x) Z 1")), (None, None, true));
    }
}
