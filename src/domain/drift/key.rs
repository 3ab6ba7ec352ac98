//! Who an object is. Identities are asked for, compared and kept many times for each object, so that one is made once and then
//! handed on.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;

use crate::domain::digest;
use crate::domain::redact::Redactor;

/// Group, kind, namespace and name: an object's identity. The version is no part of it. A clone is the same one, and costs
/// nothing.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct ObjectKey {
    identity: Arc<Identity>,
    /// Half of the SHA-256 of all of it, which tells one from another: the texts of ten thousand are all over the memory.
    #[serde(skip)]
    digest: [u64; 2],
    /// The same of group and kind, in short.
    #[serde(skip)]
    of_kind: KindDigest,
}

/// Tells kinds of all groups apart.
pub type KindDigest = u64;

/// What an [`ObjectKey`] consists of.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Identity {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for objects of the cluster.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectKey {
    /// The identity of an object.
    pub fn new(
        group: impl Into<String>,
        kind: impl Into<String>,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        let (group, kind, namespace, name) = (group.into(), kind.into(), namespace.into(), name.into());
        let digest = digest::half_of([&group, &kind, &namespace, &name]);
        let of_kind = kind_digest(&group, &kind);
        Self { identity: Arc::new(Identity { group, kind, namespace, name }), digest, of_kind }
    }

    /// The same with every secret in its names hidden.
    #[must_use]
    pub fn redacted(&self, redactor: &Redactor) -> Self {
        match (redactor.redact(&self.namespace), redactor.redact(&self.name)) {
            (Cow::Borrowed(_), Cow::Borrowed(_)) => self.clone(),
            (namespace, name) => Self::new(&*self.group, &*self.kind, namespace, name),
        }
    }

    /// Tells its kind from others.
    pub fn kind_digest(&self) -> KindDigest {
        self.of_kind
    }

    /// True when somebody else has it too.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.identity) > 1
    }

    /// The same for an object of the cluster.
    #[must_use]
    pub fn without_namespace(&self) -> Self {
        Self::new(&*self.group, &*self.kind, "", &*self.name)
    }
}

/// What tells a kind from others.
pub fn kind_digest(group: &str, kind: &str) -> KindDigest {
    digest::half_of([group, kind])[0]
}

impl Deref for ObjectKey {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl PartialEq for ObjectKey {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for ObjectKey {}

impl PartialOrd for ObjectKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectKey {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.identity, &other.identity) { Ordering::Equal } else { self.identity.cmp(&other.identity) }
    }
}

impl Hash for ObjectKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest[0]);
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.identity.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use super::ObjectKey;

    #[test]
    fn two_that_were_made_apart_are_one_identity() {
        let (one, other) = (ObjectKey::new("g", "VPC", "default", "a"), ObjectKey::new("g", "VPC", "default", "a"));
        assert_eq!(one, other);
        assert_eq!((HashSet::from([one.clone(), other.clone()]).len(), BTreeSet::from([one, other]).len()), (1, 1));
        // Parts do not run into each other.
        assert_ne!(ObjectKey::new("ab", "c", "", "d"), ObjectKey::new("a", "bc", "", "d"));
    }

    #[test]
    fn they_are_in_the_order_of_their_parts_and_say_no_more_than_those() {
        let key = |group: &str, name: &str| ObjectKey::new(group, "VPC", "default", name);
        let sorted: BTreeSet<ObjectKey> = [key("b", "a"), key("a", "b"), key("a", "a")].into();
        let names: Vec<_> = sorted.iter().map(|key| (key.group.as_str(), key.name.as_str())).collect();
        assert_eq!(names, [("a", "a"), ("a", "b"), ("b", "a")]);
        let json = serde_json::to_string(&key("g", "a")).unwrap();
        assert_eq!(json, r#"{"group":"g","kind":"VPC","namespace":"default","name":"a"}"#);
        assert_eq!(key("g", "a").without_namespace().namespace, "");
    }
}
