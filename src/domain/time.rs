//! Ages as an operator reads them: coarse, so that an idle screen need not be redrawn every second.

use jiff::{SignedDuration, Timestamp};

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

/// When [`age`] says something else for the first time after `now`; none at the end of time.
pub fn age_turns(then: Timestamp, now: Timestamp) -> Option<Timestamp> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = seconds_between(then, now);
    let (unit, end) = match seconds {
        0..HOUR => (MINUTE, HOUR),
        HOUR..DAY => (HOUR, DAY),
        _ if seconds < 14 * DAY => (DAY, 14 * DAY),
        _ if seconds < 365 * DAY => (7 * DAY, 365 * DAY),
        _ => (365 * DAY, u64::MAX),
    };
    let after = ((seconds / unit + 1) * unit).min(end);
    // Ages count whole seconds of both times.
    Timestamp::from_second(then.as_second().checked_add(i64::try_from(after).ok()?)?).ok()
}

/// How long something took: `0.4s`, `12s`, `3m 05s`, `2h 10m`. `None` below a tenth of a second, which is as good as at once.
pub fn took(duration: SignedDuration) -> Option<String> {
    let tenths = u64::try_from(duration.as_millis()).unwrap_or(0) / 100;
    let seconds = tenths / 10;
    Some(match seconds {
        0 if tenths == 0 => return None,
        0..10 => format!("{seconds}.{}s", tenths % 10),
        10..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3_600, seconds / 60 % 60),
    })
}

#[cfg(test)]
mod tests {
    use super::{age, age_turns, seconds_between, took};
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
    fn an_age_says_the_same_until_it_turns() {
        for then in [at(0), at(7), "2026-03-02T14:00:00.7Z".parse().unwrap()] {
            let mut now = then;
            for _ in 0..200 {
                let turn = age_turns(then, now).unwrap();
                let before = turn - SignedDuration::from_nanos(1);
                assert_eq!(age(then, before), age(then, now), "{then} {now}");
                assert_ne!(age(then, turn), age(then, now), "{then} {now}");
                now = turn;
            }
        }
        assert_eq!(age_turns(at(100), at(0)), Some(at(160)), "what is to come has no age for a minute");
    }

    #[test]
    fn a_duration_is_as_fine_as_it_is_short() {
        let cases = [(99, None), (400, Some("0.4s")), (9_990, Some("9.9s")), (12_500, Some("12s"))];
        let longer = [(185_000, Some("3m 05s")), (7_800_000, Some("2h 10m")), (-5_000, None)];
        for (millis, text) in cases.into_iter().chain(longer) {
            assert_eq!(took(SignedDuration::from_millis(millis)).as_deref(), text, "{millis} ms");
        }
    }

    #[test]
    fn a_time_in_the_future_has_no_age() {
        assert_eq!(seconds_between(at(100), at(0)), 0);
        assert_eq!(age(at(100), at(0)), "<1m");
    }
}
