//! Numbers that Kubernetes writes as text: quantities (`1Gi`, `100m`) and durations (`1h0m0s`).

/// True when both texts are quantities of the same amount (`1000m` and `1`), or durations of the same length.
pub(super) fn same_amount(a: &str, b: &str) -> bool {
    let amount = quantity(a);
    (amount.is_some() && amount == quantity(b)) || same_duration(a, b)
}

/// True when both texts are durations of the same length (`60m` and `1h0m0s`).
pub(super) fn same_duration(a: &str, b: &str) -> bool {
    let length = duration(a);
    length.is_some() && length == duration(b)
}

/// A quantity in units of 10⁻⁹ (apimachinery `resource.Quantity`: a decimal number and a suffix); `None` for other text and
/// for amounts too large or too fine to be exact.
fn quantity(text: &str) -> Option<i128> {
    let end = text.find(|letter: char| !matches!(letter, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (mantissa, decimals) = decimal(number)?;
    let (binary, exponent) = match suffix {
        "" => (0, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        _ => (0, suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?),
    };
    scale(mantissa.checked_mul(1_i128 << binary)?, exponent - decimals + 9)
}

/// A duration in nanoseconds, as Go's `time.ParseDuration` reads it; `None` for other text.
fn duration(text: &str) -> Option<i128> {
    let (negative, mut rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at(end);
        let (mantissa, decimals) = decimal(number)?;
        let units = [("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000)];
        let long = [("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];
        let (unit, nanoseconds) = units.into_iter().chain(long).find(|(unit, _)| after.starts_with(unit))?;
        total = total.checked_add(scale(mantissa.checked_mul(nanoseconds)?, -decimals)?)?;
        rest = &after[unit.len()..];
    }
    Some(if negative { -total } else { total })
}

/// A decimal number as digits and how many of them stand behind the point.
fn decimal(text: &str) -> Option<(i128, i32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !text.ends_with(|last: char| last.is_ascii_digit()) || fraction.contains(['+', '-']) {
        return None;
    }
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some((digits, i32::try_from(fraction.len()).ok()?))
}

fn scale(number: i128, exponent: i32) -> Option<i128> {
    let factor = 10_i128.checked_pow(exponent.unsigned_abs())?;
    if exponent >= 0 { number.checked_mul(factor) } else { (number % factor == 0).then_some(number / factor) }
}

#[cfg(test)]
mod tests {
    use super::same_amount;

    #[test]
    fn amounts_are_the_same_in_any_notation() {
        let pairs = [
            ("1000m", "1"),
            ("1Gi", "1024Mi"),
            ("0.5", "500m"),
            ("1e3", "1k"),
            ("1h", "60m0s"),
            ("1.5h", "90m"),
            ("2", "2.0"),
            ("0", "0m"),
        ];
        for (a, b) in pairs {
            assert!(same_amount(a, b), "{a} {b}");
        }
    }

    #[test]
    fn other_amounts_and_other_texts_are_not_the_same() {
        for (a, b) in
            [("1Gi", "1G"), ("1", "2"), ("abc", "abc"), ("", ""), ("1h", "1m"), ("10.0.0.1", "10.0.0.1"), ("-", "-")]
        {
            assert!(!same_amount(a, b), "{a} {b}");
        }
    }
}
