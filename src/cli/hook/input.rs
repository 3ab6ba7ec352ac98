//! A hook event, read as far as it can be: what stands before a fault still tells which rules may apply.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// The parts of an event that matter here, in the order in which Claude Code writes them.
#[derive(Debug, Default)]
pub(super) struct Event<'a> {
    pub(super) session_id: Option<String>,
    pub(super) cwd: Option<String>,
    pub(super) name: Option<String>,
    pub(super) tool: Option<String>,
    pub(super) input: Option<&'a RawValue>,
    /// What a prompt for a permission offers beside a yes.
    pub(super) suggestions: Option<&'a RawValue>,
    pub(super) tool_use_id: Option<String>,
    pub(super) agent_id: Option<String>,
    pub(super) agent_type: Option<String>,
    /// The hook keeps the agent from stopping already.
    pub(super) stop_hook_active: Option<bool>,
    /// What the agent said last.
    pub(super) last_message: Option<String>,
    /// What is wrong with it.
    pub(super) odd: Option<String>,
}

impl Event<'_> {
    /// The tool call, or what keeps it from being read.
    pub(super) fn call(&self) -> Result<(&str, Value), String> {
        if let Some(odd) = &self.odd {
            return Err(odd.clone());
        }
        let tool = self.tool.as_deref().ok_or("it names no tool")?;
        let input = self.input.ok_or("it has no tool input")?;
        let input = serde_json::from_str(input.get()).map_err(|error| format!("tool input: {error}"))?;
        Ok((tool, input))
    }

    /// What a prompt for a permission offers beside a yes; nothing of what is of another form.
    pub(super) fn suggestions(&self) -> Vec<Value> {
        self.suggestions.and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default()
    }
}

/// Reads an event; never fails.
pub(super) fn read_event(bytes: &[u8]) -> Event<'_> {
    let mut event = Event::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Reader(&mut event).deserialize(&mut json).and_then(|()| json.end());
    if let Err(error) = read {
        event.odd = Some(error.to_string());
    }
    event
}

struct Reader<'e, 'a>(&'e mut Event<'a>);

impl<'a> DeserializeSeed<'a> for Reader<'_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Reader<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hook event")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        let event = self.0;
        while let Some(key) = map.next_key::<Cow<'a, str>>()? {
            let field = match key.as_ref() {
                "session_id" => &mut event.session_id,
                "cwd" => &mut event.cwd,
                "hook_event_name" => &mut event.name,
                "tool_name" => &mut event.tool,
                "tool_use_id" => &mut event.tool_use_id,
                "agent_id" => &mut event.agent_id,
                "agent_type" => &mut event.agent_type,
                "last_assistant_message" => &mut event.last_message,
                "stop_hook_active" => {
                    event.stop_hook_active = map.next_value()?;
                    continue;
                }
                "permission_suggestions" => {
                    event.suggestions = Some(map.next_value()?);
                    continue;
                }
                "tool_input" if event.input.is_some() => return Err(M::Error::duplicate_field("tool_input")),
                "tool_input" => {
                    event.input = Some(map.next_value()?);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            // Of two values one reader takes the first and another the last: no telling which counts.
            if field.take().is_some() {
                return Err(M::Error::custom(format!("duplicate field `{key}`")));
            }
            *field = map.next_value()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::read_event;

    #[test]
    fn an_event_is_read() {
        let event = read_event(br#"{"session_id":"s","x":[1],"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"}}"#);
        assert_eq!(event.odd, None);
        let (tool, input) = event.call().unwrap();
        assert_eq!((tool, input["command"].as_str()), ("Bash", Some("ls")));
    }

    #[test]
    fn what_stands_before_a_fault_is_kept() {
        let event = read_event(
            br#"{"cwd":"/x","hook_event_name":"PreToolUse","tool_name":"Write","tool_input":{"content":"aaa"#,
        );
        assert_eq!((event.cwd.as_deref(), event.tool.as_deref()), (Some("/x"), Some("Write")));
        assert!(event.call().is_err());
    }

    #[test]
    fn of_two_events_or_tools_neither_counts() {
        let event = read_event(
            br#"{"tool_name":"Read","tool_input":{},"hook_event_name":"Stop","hook_event_name":"PreToolUse"}"#,
        );
        assert_eq!((event.name.as_deref(), event.tool.as_deref()), (None, Some("Read")), "it may be a call");
        let event = read_event(br#"{"hook_event_name":"PreToolUse","tool_name":"Read","tool_name":"Bash"}"#);
        assert_eq!((event.name.as_deref(), event.tool.as_deref()), (Some("PreToolUse"), None), "it may be any tool");
        assert!(event.odd.is_some());
    }

    #[test]
    fn an_input_that_cannot_be_read_is_odd() {
        for text in ["", "[]", "{\"tool_name\":\"A\",\"tool_name\":\"B\"}", "{\"tool_name\":\"A\"}", "{} {}"] {
            assert!(read_event(text.as_bytes()).call().is_err(), "{text}");
        }
        let lone = br#"{"tool_name":"Bash","tool_input":{"command":"\ud800"}}"#;
        assert!(read_event(lone).call().is_err());
        assert!(read_event(b"{\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"\xff\"}}").call().is_err());
    }
}
