//! The kinds that a cluster serves, and the names by which one asks for them.

use super::Kind;

/// A kind that can be listed, with its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedKind {
    /// The kind, in the version that the server prefers.
    pub kind: Kind,
    /// What one of them is called: `vpc`. May be empty.
    pub singular: String,
    /// Short names: `sw`.
    pub short: Vec<String>,
}

/// How well a kind fits what was typed, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is one of its names.
    Exact,
    /// One of its names begins like that.
    Begins,
    /// It occurs in its kind or its group.
    Contains,
}

impl ServedKind {
    /// A kind of which no more is known than its plural.
    pub fn unnamed(kind: Kind) -> Self {
        Self { singular: kind.kind.to_lowercase(), kind, short: Vec::new() }
    }

    /// How well it fits what was typed, whatever the case: its plural, kind, singular and short names, each also with
    /// its group behind a dot (`switches.wiring.githedgehog.com`).
    pub fn fit(&self, typed: &str) -> Option<Fit> {
        let typed = typed.trim().to_lowercase();
        if typed.is_empty() {
            return None;
        }
        let kind = self.kind.kind.to_lowercase();
        let names = || {
            [self.kind.plural.as_str(), kind.as_str(), self.singular.as_str()]
                .into_iter()
                .chain(self.short.iter().map(String::as_str))
        };
        let grouped = |name: &str| typed.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        if names().any(|name| name == typed || grouped(name).is_some_and(|group| group == self.kind.group)) {
            return Some(Fit::Exact);
        }
        let begins = |name: &str| {
            name.starts_with(&typed) || grouped(name).is_some_and(|group| self.kind.group.starts_with(group))
        };
        if names().any(begins) {
            return Some(Fit::Begins);
        }
        (kind.contains(&typed) || self.kind.group.contains(&typed)).then_some(Fit::Contains)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fit, Kind, ServedKind};

    #[test]
    fn a_kind_is_found_by_each_of_its_names() {
        let kind = Kind {
            group: "wiring.githedgehog.com".into(),
            version: "v1beta1".into(),
            kind: "Switch".into(),
            plural: "switches".into(),
            namespaced: true,
        };
        let switch = ServedKind { kind, singular: "switch".into(), short: vec!["sw".into()] };
        for name in ["switches", "Switch", "sw", "SW ", "sw.wiring.githedgehog.com"] {
            assert_eq!(switch.fit(name), Some(Fit::Exact), "{name}");
        }
        for name in ["swi", "switches.wiring"] {
            assert_eq!(switch.fit(name), Some(Fit::Begins), "{name}");
        }
        assert_eq!(switch.fit("hedgehog"), Some(Fit::Contains));
        for name in ["", " ", "vpc", "sw.vpc.githedgehog.com"] {
            assert_eq!(switch.fit(name), None, "{name}");
        }
    }
}
