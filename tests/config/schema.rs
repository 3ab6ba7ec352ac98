//! The schemas of configuration files say what the readers of these files say.

use std::fs;

use regex::Regex;
use serde_json::Value;

use hnpwb::config::schema;

use crate::{ACTIONS, files};

/// What a value breaks of a schema, as far as ours go; a keyword that this does not know fails the test.
fn breaches(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut breach = |what: &str| found.push(format!("{place}: {what}"));
    let mut inner = Vec::new();
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "type" => {
                let is = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    other => panic!("{other} is no type of ours"),
                };
                if !is {
                    breach("type");
                }
            }
            "enum" if !rule.as_array().unwrap().contains(value) => breach("enum"),
            "minLength"
                if value.as_str().is_some_and(|text| (text.chars().count() as u64) < rule.as_u64().unwrap()) =>
            {
                breach("minLength");
            }
            "maxItems" if value.as_array().is_some_and(|items| items.len() as u64 > rule.as_u64().unwrap()) => {
                breach("maxItems");
            }
            "minimum" if value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap()) => breach("minimum"),
            "maximum" if value.as_f64().is_some_and(|number| number > rule.as_f64().unwrap()) => breach("maximum"),
            "pattern"
                if value.as_str().is_some_and(|text| !Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)) =>
            {
                breach("pattern");
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
                        breach(&format!("required {name}"));
                    }
                }
            }
            "anyOf" => {
                if rule.as_array().unwrap().iter().all(|one| !breaches(one, value, place).is_empty()) {
                    breach("anyOf");
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    inner.extend(breaches(rule, item, &format!("{place}[{index}]")));
                }
            }
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    let is_named = schema.pointer(&format!("/properties/{name}")).is_some();
                    match rule {
                        _ if is_named => {}
                        Value::Bool(false) => breach(&format!("unknown {name}")),
                        like => inner.extend(breaches(like, value, &format!("{place}.{name}"))),
                    }
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        inner.extend(breaches(rule, value, &format!("{place}.{name}")));
                    }
                }
            }
            "$schema" | "title" | "description" | "enum" | "minLength" | "maxItems" | "minimum" | "maximum"
            | "pattern" => {}
            other => panic!("{other} is no keyword of ours"),
        }
    }
    found.extend(inner);
    found
}

fn said(name: &str, text: &str) -> Vec<String> {
    let schema = if name.starts_with("session") { schema::session() } else { schema::config(&ACTIONS) };
    let value: Value = toml::from_str(text).unwrap();
    breaches(&schema, &value, "")
}

/// Files of the formats that have a schema, with their names.
fn with_schema(folder: &str) -> Vec<(String, String)> {
    let named = files(folder).into_iter().map(|file| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(file).unwrap())
    });
    named
        .filter(|(name, _)| ["session", "keys", "models", "redact"].contains(&name.split('-').next().unwrap()))
        .collect()
}

#[test]
fn every_valid_file_keeps_its_schema() {
    for (name, text) in with_schema("valid") {
        assert_eq!(said(&name, &text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_file_breaks_its_schema() {
    let mut told = 0;
    for (name, text) in with_schema("invalid") {
        // Broken TOML has no value, and what stands twice is each by itself in order.
        if toml::from_str::<Value>(&text).is_err() || name == "session-twice" {
            continue;
        }
        assert!(!said(&name, &text).is_empty(), "{name}");
        told += 1;
    }
    assert!(told >= 5, "{told} files");
    let typo = said("session", "[[gate]]\nname = \"x\"\nmatches = \"y\"\nfial = \"deny\"\ndeadline = \"5\"\n");
    assert_eq!(typo, [".gate[0]: unknown fial", ".gate[0].deadline: minLength", ".gate[0].deadline: pattern"]);
}
