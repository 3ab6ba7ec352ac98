//! Ages as an operator reads them: coarse, so that an idle screen need not be redrawn every second.

use jiff::Timestamp;

/// Seconds from `then` to `now`, never negative (clocks of files and clusters may run ahead of ours).
pub fn seconds_between(then: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.as_second().saturating_sub(then.as_second())).unwrap_or(0)
}

/// The age of `then` in one unit: `<1m`, `5m`, `3h`, `12d`, `4w`, `2y`.
///
/// The finest step is a minute on purpose: the text changes at most once a minute, and so does the screen.
pub fn age(then: Timestamp, now: Timestamp) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = seconds_between(then, now);
    match seconds {
        0..MINUTE => "<1m".to_owned(),
        MINUTE..HOUR => format!("{}m", seconds / MINUTE),
        HOUR..DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 14 * DAY => format!("{}d", seconds / DAY),
        _ if seconds < 365 * DAY => format!("{}w", seconds / (7 * DAY)),
        _ => format!("{}y", seconds / (365 * DAY)),
    }
}

#[cfg(test)]
mod tests {
    use super::{age, seconds_between};
    use jiff::{SignedDuration, Timestamp};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn each_unit_begins_where_the_one_before_ends() {
        let cases =
            [(0, "<1m"), (59, "<1m"), (60, "1m"), (3_599, "59m"), (3_600, "1h"), (86_399, "23h"), (86_400, "1d")];
        for (seconds, text) in cases {
            assert_eq!(age(at(0), at(seconds)), text, "{seconds} s");
        }
        assert_eq!(age(at(0), at(20 * 86_400)), "2w");
        assert_eq!(age(at(0), at(800 * 86_400)), "2y");
    }

    #[test]
    fn a_time_in_the_future_has_no_age() {
        assert_eq!(seconds_between(at(100), at(0)), 0);
        assert_eq!(age(at(100), at(0)), "<1m");
    }
}
