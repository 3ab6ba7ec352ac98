//! Makes sections fit into so many tokens.

use super::section::Section;
use crate::domain::deliver::brief::estimate;

/// Joins a beginning, sections and an end; the least important lines are left out until all of it fits, and are counted.
pub fn fit(beginning: &str, mut sections: Vec<Section>, end: &str, tokens: u64) -> String {
    loop {
        let text = join(beginning, &sections, end);
        if estimate(&text) <= tokens {
            return text;
        }
        // First what every section has beyond its least, then those too; the last line of the gravest stays.
        let beyond = |section: &&mut Section| section.lines.len() > section.least;
        let lightest = sections.iter_mut().filter(beyond).min_by_key(|section| section.weight);
        let victim = match lightest {
            Some(section) => Some(section),
            None => sections
                .iter_mut()
                .filter(|section| section.lines.len() > usize::from(section.weight > 8))
                .min_by_key(|section| section.weight),
        };
        let Some(section) = victim else { return text };
        section.lines.pop();
        section.left_out += 1;
    }
}

fn join(beginning: &str, sections: &[Section], end: &str) -> String {
    let texts = sections.iter().map(Section::text).filter(|text| !text.is_empty());
    let parts: Vec<String> =
        std::iter::once(beginning.to_owned()).chain(texts).chain(std::iter::once(end.to_owned())).collect();
    parts.join("\n\n")
}
