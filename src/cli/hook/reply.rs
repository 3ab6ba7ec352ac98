//! What the hook says and how it ends.

use serde_json::{Value, json};

use crate::domain::gate::rule::OnFailure;

/// Characters of a reason: Claude Code cuts texts at ten thousand.
const LONGEST_REASON: usize = 9_000;

/// What the hook says and how it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 0: standard output decides, or nobody minds. 2: the call is blocked, standard error says why.
    pub code: u8,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Reply {
    pub(super) fn pass() -> Self {
        Self { code: 0, out: String::new(), err: String::new() }
    }

    pub(super) fn block(why: &str) -> Self {
        Self { code: 2, out: String::new(), err: format!("hnpwb: {why}\n") }
    }

    /// A decision on a tool call.
    pub(super) fn decide(decision: &str, reason: &str) -> Self {
        Self::decide_with(decision, reason, None)
    }

    /// A decision on a tool call that runs with another input than it was sent with.
    pub(super) fn decide_with(decision: &str, reason: &str, input: Option<Value>) -> Self {
        let mut output = json!({
            "hookEventName": "PreToolUse",
            "permissionDecision": decision,
            "permissionDecisionReason": short(reason),
        });
        if let (Some(input), Some(fields)) = (input, output.as_object_mut()) {
            fields.insert("updatedInput".to_owned(), input);
        }
        Self { code: 0, out: format!("{}\n", json!({"hookSpecificOutput": output})), err: String::new() }
    }

    /// A permission is given, with another input and with a change of permissions for good where there are such.
    pub(super) fn permit(input: Option<Value>, permissions: Option<&Value>) -> Self {
        let mut decision = json!({"behavior": "allow"});
        if let Some(fields) = decision.as_object_mut() {
            fields.extend(input.map(|input| ("updatedInput".to_owned(), input)));
            fields.extend(permissions.map(|one| ("updatedPermissions".to_owned(), json!([one]))));
        }
        Self::permission(&decision)
    }

    /// A permission is refused.
    pub(super) fn refuse(why: &str) -> Self {
        Self::permission(&json!({"behavior": "deny", "message": short(why)}))
    }

    fn permission(decision: &Value) -> Self {
        let output = json!({"hookEventName": "PermissionRequest", "decision": decision});
        Self { code: 0, out: format!("{}\n", json!({"hookSpecificOutput": output})), err: String::new() }
    }

    /// An agent that wants to stop goes on, for this reason.
    pub(super) fn go_on(reason: &str) -> Self {
        Self {
            code: 0,
            out: format!("{}\n", json!({"decision": "block", "reason": short(reason)})),
            err: String::new(),
        }
    }

    pub(super) fn fail(how: OnFailure, reason: &str) -> Self {
        match how {
            OnFailure::Deny | OnFailure::Wait => Self::decide("deny", reason),
            OnFailure::Ask => Self::decide("ask", reason),
        }
    }
}

fn short(reason: &str) -> String {
    reason.chars().take(LONGEST_REASON).collect()
}
