//! Times at the head of a log's line.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

/// The time that a line begins with, and what follows it. Times without a zone are those of this machine: the log was
/// written on it. Those without a year (syslog, klog) say no moment.
pub(crate) fn leading(line: &str) -> Option<(Timestamp, &str)> {
    let line = line.trim_start();
    let opened = line.strip_prefix('[');
    let text = opened.unwrap_or(line);
    let (at, rest) = dated(text, &TimeZone::system())?;
    let rest = if opened.is_some() { rest.strip_prefix(']').unwrap_or(rest) } else { rest };
    Some((at, rest.trim_start_matches([' ', '\t', ':'])))
}

/// `2026-11-20T10:00:00.123Z`, `2026-11-20 10:00:00,123`, with or without a fraction and a zone.
fn dated<'a>(text: &'a str, local: &TimeZone) -> Option<(Timestamp, &'a str)> {
    let bytes = text.as_bytes();
    let is_date = bytes.len() >= 19
        && bytes[..19].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => matches!(byte, b'-' | b'/'),
            10 => matches!(byte, b'T' | b't' | b' ' | b'_'),
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !is_date {
        return None;
    }
    let mut end = 19;
    if matches!(bytes.get(end), Some(b'.' | b',')) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end += 1 + bytes[end + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    }
    let plain = format!("{}T{}", text[..10].replace('/', "-"), text[11..end].replace(',', "."));
    let (zone, after) = zone(&text[end..]);
    let rest = &text[end + after..];
    let at = match zone {
        Some(zone) => format!("{plain}{zone}").parse().ok()?,
        None => plain.parse::<DateTime>().ok()?.to_zoned(local.clone()).ok()?.timestamp(),
    };
    Some((at, rest))
}

/// `Z`, `+02:00` or `+0200` at the head of a text, written as RFC 3339 has it, and its length.
fn zone(text: &str) -> (Option<String>, usize) {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'Z' | b'z') => (Some("Z".to_owned()), 1),
        Some(b'+' | b'-') => {
            let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            let colon = bytes.get(3) == Some(&b':');
            let minutes = if colon { 4 } else { 3 };
            if digit(1) && digit(2) && digit(minutes) && digit(minutes + 1) {
                return (Some(format!("{}:{}", &text[..3], &text[minutes..minutes + 2])), minutes + 2);
            }
            (None, 0)
        }
        _ => (None, 0),
    }
}

/// The level of a line that begins as klog's do: `E1120 10:00:00.123456`.
pub(crate) fn klog_level(line: &str) -> Option<char> {
    let (head, rest) = line.split_at_checked(5)?;
    let level = head.chars().next().filter(|level| matches!(level, 'I' | 'W' | 'E' | 'F'))?;
    let is_day = head[1..].bytes().all(|byte| byte.is_ascii_digit());
    let time = rest.strip_prefix(' ')?.get(..8)?;
    (is_day && time.parse::<Time>().is_ok()).then_some(level)
}

#[cfg(test)]
mod tests {
    use jiff::tz::{Offset, TimeZone};

    use super::{dated, klog_level, leading};

    #[test]
    fn a_time_is_known_in_the_ways_it_is_written() {
        let east = TimeZone::fixed(Offset::constant(2));
        let at = |text| dated(text, &east).map(|(at, rest)| (at.to_string(), rest));
        let zoned = |text| at(text).map(|(at, _)| at);
        assert_eq!(zoned("2026-11-20T10:00:00Z ok").as_deref(), Some("2026-11-20T10:00:00Z"));
        assert_eq!(zoned("2026-11-20T10:00:00.5+0100 ok").as_deref(), Some("2026-11-20T09:00:00.5Z"));
        assert_eq!(zoned("2026/11/20 10:00:00 ok").as_deref(), Some("2026-11-20T08:00:00Z"));
        assert_eq!(at("2026-11-20 10:00:00,123 INFO x"), Some(("2026-11-20T08:00:00.123Z".to_owned(), " INFO x")));
        for none in
            ["2026-11-20", "2026-13-20T10:00:00Z", "Nov 20 10:00:00 host x", "10:00:00 x", "äöü-11-20T10:00:00", ""]
        {
            assert_eq!(at(none), None, "{none}");
        }
        assert_eq!(leading("[2026-11-20T10:00:00Z] begun").map(|(_, rest)| rest), Some("begun"));
    }

    #[test]
    fn klog_tells_its_level() {
        assert_eq!(klog_level("E1120 10:00:00.123456   1 x.go:1] gone"), Some('E'));
        assert_eq!(klog_level("Error at 10:00:00"), None);
        assert_eq!(klog_level("É1120 10:00:00"), None);
    }
}
