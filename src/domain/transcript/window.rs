//! How many tokens fit into a model's context window, as far as the model's name alone tells.

/// Where the figures below are from, as shown beside them.
pub const SOURCE: &str = "model table";

/// Windows by model id without its date. Source: Anthropic's model overview, 2026-08.
const WINDOWS: &[(&str, u64)] = &[
    ("claude-fable-5", 1_000_000),
    ("claude-mythos-5", 1_000_000),
    ("claude-opus-5", 1_000_000),
    ("claude-opus-4-8", 1_000_000),
    ("claude-opus-4-7", 1_000_000),
    ("claude-sonnet-5", 1_000_000),
    ("claude-opus-4-5", 200_000),
    ("claude-opus-4-1", 200_000),
    ("claude-opus-4", 200_000),
    ("claude-sonnet-4-5", 200_000),
    ("claude-sonnet-4", 200_000),
    ("claude-haiku-4-5", 200_000),
    ("claude-3-7-sonnet", 200_000),
    ("claude-3-5-sonnet", 200_000),
    ("claude-3-5-haiku", 200_000),
];

/// Models with a large window only where it was asked for: the small one until more was seen in use.
const OPTIONAL: &[&str] = &["claude-opus-4-6", "claude-sonnet-4-6"];

/// The window of a model, given the most tokens ever seen in it. `None` when the name is not known: names of gateways and
/// clouds say nothing about the window they grant.
pub fn window(model: &str, most_used: u64) -> Option<u64> {
    let undated = match model.rsplit_once('-') {
        Some((name, date)) if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => model,
    };
    if OPTIONAL.contains(&undated) {
        return Some(if most_used > 200_000 { 1_000_000 } else { 200_000 });
    }
    let (_, window) = WINDOWS.iter().find(|(name, _)| *name == undated)?;
    // More in use than fits means that the table is wrong about this session.
    (most_used <= *window).then_some(*window)
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn a_date_does_not_matter_and_a_newer_model_is_not_an_older_one() {
        assert_eq!(window("claude-haiku-4-5-20251001", 0), Some(200_000));
        assert_eq!(window("claude-opus-5", 0), Some(1_000_000));
        assert_eq!(window("claude-opus-5-9", 0), None);
        assert_eq!(window("us.anthropic.claude-opus-5-v1:0", 0), None);
    }

    #[test]
    fn an_optional_large_window_is_believed_when_it_was_used() {
        assert_eq!(window("claude-sonnet-4-6", 150_000), Some(200_000));
        assert_eq!(window("claude-sonnet-4-6", 200_001), Some(1_000_000));
        assert_eq!(window("claude-sonnet-4-5", 200_001), None);
    }
}
