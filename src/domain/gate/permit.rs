//! A prompt for a permission: what an agent offers beside a yes for this once, and what is made of the choice.

use serde_json::Value;

use super::ask::{Choice, Question};

/// The question that is asked beside the yes.
pub const QUESTION: &str = "What is allowed?";
/// The choice that changes no permission; it is taken unless another one is.
const ONCE: &str = "this call";
/// Choices beside it.
const MOST: usize = 8;
/// Bytes of a choice.
const LONGEST: usize = 500;

/// The question with what is suggested (`permission_suggestions` of Claude Code's hook contract); none when nothing is that
/// can be shown whole.
pub fn question(suggestions: &[Value]) -> Option<Question> {
    let mut options = vec![choice(ONCE.to_owned())];
    for label in suggestions.iter().filter_map(label) {
        if options.len() <= MOST && options.iter().all(|known| known.label != label) {
            options.push(choice(label));
        }
    }
    let offered = options.len() > 1;
    offered.then(|| Question { question: QUESTION.to_owned(), preset: true, options, ..Question::default() })
}

/// What a choice changes for good: one of the suggestions, or nothing. `None` when it is none of the choices.
pub fn chosen<'s>(suggestions: &'s [Value], taken: &str) -> Option<Option<&'s Value>> {
    if taken == ONCE {
        return Some(None);
    }
    suggestions.iter().find(|suggestion| label(suggestion).as_deref() == Some(taken)).map(Some)
}

fn choice(label: String) -> Choice {
    Choice { label, description: String::new() }
}

/// A suggestion in words. None of one that would do more than can be said of it, or leave the agent without any prompts.
fn label(suggestion: &Value) -> Option<String> {
    let fields = suggestion.as_object()?;
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let only = |known: &[&str]| fields.keys().all(|key| known.contains(&key.as_str()));
    let place = match text("destination")? {
        "session" => "for this session",
        "localSettings" => "in the project's local settings",
        "projectSettings" => "in the project's settings",
        "userSettings" => "in the user's settings",
        _ => return None,
    };
    let what = match text("type")? {
        "addRules" if only(&["type", "destination", "behavior", "rules"]) && text("behavior")? == "allow" => {
            format!("always {}", list(fields.get("rules")?, rule)?)
        }
        "addDirectories" if only(&["type", "destination", "directories"]) => {
            let folder = |folder: &Value| folder.as_str().map(str::to_owned);
            format!("work in {}", list(fields.get("directories")?, folder)?)
        }
        "setMode" if only(&["type", "destination", "mode"]) => match text("mode")? {
            "bypassPermissions" => return None,
            mode => format!("the mode {mode}"),
        },
        _ => return None,
    };
    let label = format!("{what}, {place}");
    (label.len() <= LONGEST).then_some(label)
}

/// A rule as settings write it: `Bash(git push:*)`.
fn rule(rule: &Value) -> Option<String> {
    let fields = rule.as_object()?;
    let tool = fields.get("toolName")?.as_str()?;
    match (fields.get("ruleContent"), fields.len()) {
        (None, 1) => Some(tool.to_owned()),
        (Some(content), 2) => Some(format!("{tool}({})", content.as_str()?)),
        _ => None,
    }
}

/// Every entry of a list in words; none when it is empty, or one of them cannot be said.
fn list(values: &Value, say: impl Fn(&Value) -> Option<String>) -> Option<String> {
    let said: Vec<String> = values.as_array()?.iter().map(say).collect::<Option<_>>()?;
    (!said.is_empty()).then(|| said.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ONCE, chosen, question};

    fn push() -> Value {
        json!({"type": "addRules", "behavior": "allow", "destination": "localSettings",
            "rules": [{"toolName": "Bash", "ruleContent": "git push:*"}]})
    }

    #[test]
    fn suggestions_are_choices_beside_this_once() {
        let mode = json!({"type": "setMode", "mode": "acceptEdits", "destination": "session"});
        let folders = json!({"type": "addDirectories", "directories": ["/x"], "destination": "session"});
        let suggestions = [push(), mode.clone(), push(), folders];
        let asked = question(&suggestions).unwrap();
        let labels: Vec<&str> = asked.options.iter().map(|option| option.label.as_str()).collect();
        let always = "always Bash(git push:*), in the project's local settings";
        assert_eq!(labels, [ONCE, always, "the mode acceptEdits, for this session", "work in /x, for this session"]);
        assert!(asked.preset && !asked.many);
        assert_eq!(chosen(&suggestions, ONCE), Some(None));
        assert_eq!(chosen(&suggestions, always), Some(Some(&push())));
        assert_eq!(chosen(&suggestions, labels[2]), Some(Some(&mode)));
        assert_eq!(chosen(&suggestions, "everything"), None);
    }

    #[test]
    fn what_cannot_be_said_whole_is_not_offered() {
        let mut deny = push();
        deny["behavior"] = json!("deny");
        let mut more = push();
        more["extra"] = json!(1);
        for odd in [
            json!({}),
            json!("allow"),
            deny,
            more,
            json!({"type": "setMode", "mode": "bypassPermissions", "destination": "session"}),
            json!({"type": "addRules", "behavior": "allow", "destination": "session", "rules": []}),
            json!({"type": "addRules", "behavior": "allow", "destination": "elsewhere", "rules": [{"toolName": "Bash"}]}),
        ] {
            assert_eq!(question(std::slice::from_ref(&odd)), None, "{odd}");
        }
    }
}
