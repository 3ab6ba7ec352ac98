//! Makes sections fit into so many tokens.

use super::section::Section;
use crate::domain::brief::tokens::count;

/// Joins a beginning, sections and an end; the least important lines are left out until all of it fits, and are counted.
pub fn fit(beginning: &str, mut sections: Vec<Section>, end: &str, tokens: usize) -> String {
    // What lines take together is what they take one by one, or a little less: the whole is counted only when it may fit.
    let mut whole = join(beginning, &sections, end);
    let mut over = count(&whole).saturating_sub(tokens);
    while over > 0 {
        let Some(line) = leave_out(&mut sections) else { break };
        over = over.saturating_sub(count(&line) + 1);
        if over == 0 {
            whole = join(beginning, &sections, end);
            over = count(&whole).saturating_sub(tokens);
        }
    }
    if over > 0 { join(beginning, &sections, end) } else { whole }
}

/// Takes the least important line away.
fn leave_out(sections: &mut [Section]) -> Option<String> {
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
    let section = victim?;
    section.left_out += 1;
    section.lines.pop()
}

fn join(beginning: &str, sections: &[Section], end: &str) -> String {
    let texts = sections.iter().map(Section::text).filter(|text| !text.is_empty());
    let parts: Vec<String> =
        std::iter::once(beginning.to_owned()).chain(texts).chain(std::iter::once(end.to_owned())).collect();
    parts.join("\n\n")
}
