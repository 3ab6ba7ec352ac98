//! What a gate asks of the operator beside a yes: a typed word, conditions, answers to questions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::gate::rule::GateRule;
use crate::domain::text;

/// Questions of one gate, and answers to one of them, that are offered.
const MOST: usize = 16;
/// Bytes of a text of a question that are kept.
const LONGEST: usize = 2_000;

/// What the operator must know and do to decide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asks {
    /// Approving needs a typed word.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub danger: bool,
    /// What the rule's author wants to be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Conditions, as a session file writes them: they must be met, or overridden by a typed word.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<String>,
    /// Questions that approving answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// Why the rule holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl Asks {
    /// What a rule asks of the operator.
    pub fn of(rule: &GateRule, because: Option<String>) -> Self {
        Self {
            danger: rule.danger,
            message: rule.message.clone(),
            require: rule.require.iter().map(ToString::to_string).collect(),
            questions: Vec::new(),
            because,
        }
    }

    /// Every text that somebody else has written.
    pub(super) fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let questions = self.questions.iter_mut().flat_map(|question| {
            let options = question.options.iter_mut();
            let options = options.flat_map(|option| [&mut option.label, &mut option.description]);
            [&mut question.question, &mut question.header].into_iter().chain(options)
        });
        self.message.iter_mut().chain(&mut self.because).chain(&mut self.require).chain(questions)
    }

    /// True if nothing is asked.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A question with its choices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Question {
    /// The question: the answer is given under it.
    pub question: String,
    /// A word for it.
    pub header: String,
    /// More than one choice may be taken.
    pub many: bool,
    /// The first choice is taken unless another one is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub preset: bool,
    /// The choices.
    pub options: Vec<Choice>,
}

/// A choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// Its name, which is the answer.
    pub label: String,
    /// What it means.
    pub description: String,
}

/// The questions of a call of `AskUserQuestion` (Claude Code 2.1); none when they are of another form, or too many or too
/// long to be shown as they are.
pub fn questions(tool: &str, input: &Value) -> Vec<Question> {
    if tool != "AskUserQuestion" {
        return Vec::new();
    }
    let asked = input.get("questions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let read: Option<Vec<Question>> = asked.iter().map(question).collect();
    read.filter(|read| read.len() <= MOST).unwrap_or_default()
}

fn question(value: &Value) -> Option<Question> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let options = value.get("options")?.as_array()?;
    let options: Vec<Choice> = options
        .iter()
        .map(|option| Choice { label: text(option, "label"), description: text(option, "description") })
        .collect();
    let question = Question {
        question: text(value, "question"),
        header: text(value, "header"),
        many: value.get("multiSelect").and_then(Value::as_bool).unwrap_or_default(),
        preset: false,
        options,
    };
    let short = |text: &String| text.len() <= LONGEST && !text.is_empty();
    let fine = short(&question.question)
        && (1..=MOST).contains(&question.options.len())
        && question.options.iter().all(|option| short(&option.label) && option.description.len() <= LONGEST);
    fine.then_some(question)
}

/// The input of a call with the answers put in: every other field stays as it was sent. `None` when an answer is to no
/// question of the call, or one is missing.
pub fn answered(input: &Value, questions: &[Question], answers: &BTreeMap<String, String>) -> Option<Value> {
    if questions.len() != answers.len() || questions.iter().any(|asked| !answers.contains_key(&asked.question)) {
        return None;
    }
    let mut input = input.clone();
    input.as_object_mut()?.insert("answers".to_owned(), json!(answers));
    Some(input)
}

/// What approving a plan says (`ExitPlanMode` of Claude Code): the plan's text, for the operator's eyes.
pub fn plan(tool: &str, input: &Value) -> Option<String> {
    let plan = input.get("plan").and_then(Value::as_str).filter(|_| tool == "ExitPlanMode")?;
    // Whatever else is in the call would not be seen: then the whole of it is shown.
    let known = input.as_object().is_some_and(|fields| fields.keys().all(|key| key == "plan" || key == "planFilePath"));
    (known && text::line(plan).len() <= plan.len() * 8).then(|| plan.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{answered, plan, questions};
    use serde_json::json;

    #[test]
    fn questions_are_read_with_their_choices_and_answered_under_their_text() {
        let input = json!({"questions": [{"question": "Which one?", "header": "Base", "multiSelect": false,
            "options": [{"label": "A", "description": "first"}, {"label": "B", "description": ""}]}], "x": 1});
        let asked = questions("AskUserQuestion", &input);
        assert_eq!((asked.len(), asked[0].options[1].label.as_str(), asked[0].many), (1, "B", false));
        let answers = [("Which one?".to_owned(), "B".to_owned())].into();
        let filled = answered(&input, &asked, &answers).unwrap();
        assert_eq!(filled["answers"], json!({"Which one?": "B"}));
        assert_eq!((&filled["questions"], &filled["x"]), (&input["questions"], &json!(1)));
        assert!(answered(&input, &asked, &[("Another?".to_owned(), "B".to_owned())].into()).is_none());
        assert!(answered(&input, &asked, &std::collections::BTreeMap::new()).is_none());
    }

    #[test]
    fn what_is_of_another_form_has_no_questions() {
        for input in [json!({}), json!({"questions": [{"question": "q", "options": []}]}), json!({"questions": ["q"]})]
        {
            assert!(questions("AskUserQuestion", &input).is_empty(), "{input}");
        }
        assert!(questions("Bash", &json!({"questions": []})).is_empty());
    }

    #[test]
    fn a_plan_is_shown_as_it_is_written() {
        assert_eq!(plan("ExitPlanMode", &json!({"plan": "# Do\n1. x"})).as_deref(), Some("# Do\n1. x"));
        assert_eq!(plan("ExitPlanMode", &json!({"plan": "x", "allowedPrompts": ["rm"]})), None);
        assert_eq!(plan("Bash", &json!({"plan": "x"})), None);
    }
}
