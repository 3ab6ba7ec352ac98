//! What tells that two objects want the same without walking through them: most objects are live as they are stated.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::normal::normal_metadata;
use crate::domain::digest;

/// Digests of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digests {
    /// Of all of it but metadata and status.
    pub body: digest::Bytes,
    /// Of its labels and annotations: see [`marks`].
    pub marks: digest::Bytes,
}

impl Digests {
    /// The digests of an object.
    pub fn of(object: &Value) -> Self {
        Self { body: body(object), marks: object.get("metadata").map(marks).unwrap_or_default() }
    }
}

/// The digest of an object without metadata and status. It is that of the same as text, sorted by name as `serde_json` sorts
/// it.
fn body(object: &Value) -> digest::Bytes {
    struct Body<'o>(&'o Map<String, Value>);

    impl Serialize for Body<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().filter(|(name, _)| !matches!(name.as_str(), "metadata" | "status")))
        }
    }

    object.as_object().map_or_else(digest::Bytes::default, |fields| digest::of_json(&Body(fields)))
}

/// The digest of those labels and annotations that somebody wants; zeros where there are none.
pub fn marks(metadata: &Value) -> digest::Bytes {
    let marks = normal_metadata(metadata);
    if marks.is_empty() { digest::Bytes::default() } else { digest::of_json(&marks) }
}
