//! A JSON value looked into by name: what is not there, or of another type, is simply nothing.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{Gather, Members, elements, fields, head, moment, number, read, string, truth};
use crate::domain::transcript::Text;

/// A value, or nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Node<'a>(Option<&'a RawValue>);

impl<'a> Node<'a> {
    /// The object that a text is; `None` when it is anything else.
    pub(crate) fn object(text: &'a str) -> Option<Self> {
        if !text.trim_start().starts_with('{') {
            return None;
        }
        read(text).map(|raw| Self(Some(raw)))
    }

    /// The member of this name. Of several the last one counts.
    pub(crate) fn at(self, name: &str) -> Self {
        let Members(members) = fields(self.0);
        Self(members.into_iter().rev().find(|(key, _)| key == name).map(|(_, value)| value))
    }

    /// The first of several names that is there.
    pub(crate) fn any(self, names: &[&str]) -> Self {
        let Members(members) = fields(self.0);
        let of = |name: &&str| members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value);
        Self(names.iter().find_map(of))
    }

    /// The elements of an array.
    pub(crate) fn elements(self) -> Vec<Self> {
        elements::<&RawValue>(self.0).into_iter().map(|raw| Self(Some(raw))).collect()
    }

    /// The members of an object, in the order of the text.
    pub(crate) fn members(self) -> Vec<(Cow<'a, str>, Self)> {
        let Members(members) = fields(self.0);
        members.into_iter().map(|(key, value)| (key, Self(Some(value)))).collect()
    }

    /// True when there is something, other than `null`.
    pub(crate) fn is_there(self) -> bool {
        self.0.is_some_and(|raw| raw.get() != "null")
    }

    /// True for an object.
    pub(crate) fn is_object(self) -> bool {
        self.0.is_some_and(|raw| raw.get().starts_with('{'))
    }

    pub(crate) fn raw(self) -> Option<&'a RawValue> {
        self.0
    }

    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        string(self.0)
    }

    /// The head of a string; empty for anything else.
    pub(crate) fn head(self, bytes: usize) -> String {
        head(self.0, bytes).unwrap_or_default()
    }

    pub(crate) fn number(self) -> Option<u64> {
        number(self.0)
    }

    pub(crate) fn truth(self) -> bool {
        truth(self.0)
    }

    pub(crate) fn moment(self) -> Option<Timestamp> {
        moment(self.0)
    }

    /// A string as it is, anything else as its JSON, an array of parts with texts as their texts below each other.
    pub(crate) fn text(self) -> Text {
        let mut gather = Gather::default();
        self.gather(&mut gather);
        gather.finish()
    }

    fn gather(self, gather: &mut Gather) {
        let Some(raw) = self.0.filter(|raw| raw.get() != "null") else { return };
        if !raw.get().starts_with('[') {
            return match self.at("text").0 {
                Some(text) => gather.push_json(text),
                None => gather.push_json(raw),
            };
        }
        for part in self.elements() {
            gather.separate();
            part.gather(gather);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn what_is_not_there_or_of_another_type_is_nothing() {
        let node = Node::object(r#"{"a":{"b":"x"},"n":null,"l":[1,{"text":"two"}]}"#).unwrap();
        assert_eq!(node.at("a").at("b").string().as_deref(), Some("x"));
        assert!(!node.at("n").is_there() && !node.at("a").at("b").at("c").is_there());
        assert_eq!((node.at("a").number(), node.at("a").elements().len()), (None, 0));
        assert_eq!(node.at("l").text().kept, "1\ntwo");
        assert_eq!(node.any(&["z", "a"]).at("b").head(9), "x");
        assert!(Node::object("[1]").is_none() && Node::object("{").is_none());
    }
}
