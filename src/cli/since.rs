//! `--since`: a time as people write it.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::session::parse_duration;

/// Reads a point in time: an age (`2h`, `1h30m`, `3d`), a date or a date with a time in the zone of this machine, or a time
/// with its offset as in RFC 3339.
///
/// # Errors
/// That it is none of these.
pub fn parse(text: &str) -> Result<Timestamp, String> {
    at(text, Timestamp::now(), &TimeZone::system())
}

fn at(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Some(age) = parse_duration(text) {
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        return now.checked_sub(age).map_err(|error| error.to_string());
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let date_time = text.parse::<DateTime>().ok();
    let date_time = date_time.or_else(|| text.parse::<Date>().ok().map(|date| date.to_datetime(jiff::civil::Time::MIN)));
    let zoned = date_time.and_then(|local| local.to_zoned(zone.clone()).ok());
    zoned.map(|zoned| zoned.timestamp()).ok_or_else(|| {
        "write an age (2h, 3d), a date (2026-11-27), a date with a time (2026-11-27T14:30) or RFC 3339".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::at;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    #[test]
    fn ages_dates_and_times_are_read() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        for (text, wanted) in [
            ("2h", "2026-11-27T10:00:00Z"),
            ("1d", "2026-11-26T12:00:00Z"),
            ("2026-11-27", "2026-11-26T23:00:00Z"),
            ("2026-11-27T14:30", "2026-11-27T13:30:00Z"),
            ("2026-11-27T14:30:00Z", "2026-11-27T14:30:00Z"),
            ("2026-11-27T14:30:00+02:00", "2026-11-27T12:30:00Z"),
        ] {
            assert_eq!(at(text, now, &zone), Ok(wanted.parse().unwrap()), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "h", "-2h"] {
            assert!(at(text, now, &zone).is_err(), "{text}");
        }
    }
}
