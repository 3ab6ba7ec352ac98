//! The exact check: what the server itself says applying an object would do.

use jiff::Timestamp;

use super::{FieldDiff, ObjectKey};
use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;

/// What a cluster answered when it was asked to apply an object without storing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftCheck {
    /// Name of the fabric.
    pub fabric: String,
    /// The object.
    pub key: ObjectKey,
    /// When it answered, or when it was given up.
    pub at: Timestamp,
    /// Field manager in whose name it was asked.
    pub manager: String,
    /// Commit whose object was sent; `None` outside git.
    pub commit: Option<String>,
    /// What came of it.
    pub outcome: CheckOutcome,
}

/// What came of an exact check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Applying would change nothing.
    Same,
    /// Applying would change these fields: [`FieldDiff::desired`] is as it would be afterwards, [`FieldDiff::live`] as it
    /// is now.
    Changes(Vec<FieldDiff>),
    /// There is no such object; applying would create it.
    Creates,
    /// The server, or one of its webhooks, would refuse; in its words.
    Rejected(String),
    /// It was not asked, or did not answer.
    Fault(Fault),
}

impl DriftCheck {
    /// The outcome in one phrase.
    pub fn summary(&self) -> String {
        match &self.outcome {
            CheckOutcome::Same => "applying would change nothing".to_owned(),
            CheckOutcome::Changes(fields) if fields.len() == 1 => "applying would change 1 field".to_owned(),
            CheckOutcome::Changes(fields) => format!("applying would change {} fields", fields.len()),
            CheckOutcome::Creates => "applying would create it".to_owned(),
            CheckOutcome::Rejected(why) => format!("would be rejected: {why}"),
            CheckOutcome::Fault(fault) => format!("could not be checked: {}", fault.why),
        }
    }

    /// The same with every secret in it hidden.
    #[must_use]
    pub fn redacted(mut self, redactor: &Redactor) -> Self {
        for text in [&mut self.key.namespace, &mut self.key.name] {
            redactor.hide(text);
        }
        self.outcome = match self.outcome {
            CheckOutcome::Changes(fields) => {
                CheckOutcome::Changes(fields.into_iter().map(|field| field.redacted(redactor)).collect())
            }
            CheckOutcome::Rejected(mut why) => {
                redactor.hide(&mut why);
                CheckOutcome::Rejected(why)
            }
            CheckOutcome::Fault(fault) => CheckOutcome::Fault(fault.redacted(redactor)),
            outcome @ (CheckOutcome::Same | CheckOutcome::Creates) => outcome,
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::{CheckOutcome, DriftCheck};
    use crate::domain::drift::{FieldClass, FieldDiff, ObjectKey};
    use crate::domain::redact::Redactor;

    fn check(outcome: CheckOutcome) -> DriftCheck {
        let key = ObjectKey { group: "g".into(), kind: "VPC".into(), namespace: "default".into(), name: "a".into() };
        DriftCheck {
            fabric: "f".into(),
            key,
            at: Timestamp::UNIX_EPOCH,
            manager: "kubectl".into(),
            commit: None,
            outcome,
        }
    }

    fn field(path: &str, live: Value) -> FieldDiff {
        FieldDiff { path: path.into(), desired: Value::Null, live, class: FieldClass::Changed, manager: None }
    }

    #[test]
    fn an_outcome_reads_as_one_phrase() {
        let fields = vec![field("spec.a", json!(1)), field("spec.b", json!(2))];
        assert_eq!(check(CheckOutcome::Changes(fields)).summary(), "applying would change 2 fields");
        let rejected = CheckOutcome::Rejected("vlan 1131 is already used".into());
        assert_eq!(check(rejected).summary(), "would be rejected: vlan 1131 is already used");
    }

    #[test]
    fn secrets_are_hidden_in_fields_and_in_the_words_of_a_webhook() {
        let secret = ["Zx9", "vQ2", "pL7"].concat();
        let redactor = Redactor::default();
        let changes = check(CheckOutcome::Changes(vec![field("spec.password", json!(secret))])).redacted(&redactor);
        let rejected = check(CheckOutcome::Rejected(format!("password={secret} is too weak"))).redacted(&redactor);
        for shown in [format!("{changes:?}"), format!("{rejected:?}")] {
            assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
