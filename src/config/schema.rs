//! JSON Schemas of the configuration files, for editors that complete and check TOML by them.
//!
//! They say what the readers beside this file say in words of their own; `tests/config` holds them to the same files.

use serde_json::{Value, json};

/// The dialect that they are written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What a duration looks like: `90s`, `5m`, `1h30m`, `2d`.
const DURATION: &str = "^ *([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)? *$";

/// The schema of a session file: `hnpwb.toml`, or `sessions/NAME.toml`.
pub fn session() -> Value {
    let path = |what: &str| text(&format!("{what}: `~` is home, and what is relative lies below the root"));
    let duration = |what: &str| json!({ "type": "string", "pattern": DURATION, "minLength": 2, "description": what });
    let listed = |item: Value, what: &str| json!({ "type": "array", "items": item, "description": what });
    let gitops = table(
        "Where the objects stand in git",
        json!({
            "repo": path("Working tree of the repository"),
            "directory": text("Directory inside the repository"),
            "exclude": listed(json!({ "type": "string" }), "Names of folders that are passed over"),
        }),
        &["directory"],
    );
    let cluster = json!({
        "description": "The cluster: a context, or a snapshot of one",
        "anyOf": [
            table(
                "A context; without a name the current one",
                json!({ "context": text("Name of the context"), "kubeconfig": path("File that it stands in") }),
                &[],
            ),
            table("A file that kubectl wrote", json!({ "snapshot": path("The file") }), &["snapshot"]),
        ],
    });
    document(
        "hnpwb session",
        &json!({
            "session": table(
                "The session itself",
                json!({
                    "name": text("Name on screen"),
                    "root": text("Folder of the project"),
                    "state": path("Folder of the journal, briefs, gates and evidence"),
                    "read_only": { "type": "boolean", "description": "Nothing is written, and nothing is asked of a cluster but to read" },
                    "layout": text("Layout to begin with"),
                    "theme": text("Theme"),
                }),
                &[],
            ),
            "board": listed(table("A file of tasks", json!({ "path": path("The file") }), &["path"]), "Boards"),
            "agent": listed(
                table(
                    "A name and a role for transcripts",
                    json!({
                        "name": text("Name"),
                        "role": text("Role"),
                        "transcripts": path("Files; `*` and `?` inside one name, `**` for any number of folders"),
                    }),
                    &["name"],
                ),
                "Agents",
            ),
            "repo": listed(table("A repository", json!({ "path": path("Working tree") }), &["path"]), "Repositories"),
            "fabric": listed(
                table(
                    "One GitOps directory and at most one cluster",
                    json!({
                        "name": text("Name"),
                        "gitops": gitops,
                        "cluster": cluster,
                        "grace": duration("How long a commit may take to become live"),
                    }),
                    &["name", "gitops"],
                ),
                "Fabrics",
            ),
            "gate": listed(
                table(
                    "A tool call that matches is held",
                    json!({
                        "name": text("Name"),
                        "tool": text("Name of the tool; left out: every tool"),
                        "matches": text("Regular expression of what is to be held"),
                        "fail": { "enum": ["deny", "ask"], "description": "What happens without a decision" },
                        "deadline": duration("How long it is waited for"),
                    }),
                    &["name", "matches"],
                ),
                "Gate rules",
            ),
            "check": listed(
                table(
                    "An operator's own check, run on a key",
                    json!({ "name": text("Name"), "run": text("Command line") }),
                    &["name", "run"],
                ),
                "Checks",
            ),
        }),
    )
}

/// The schema of `config.toml`. `actions` are the names that keys may stand for.
pub fn config(actions: &[&str]) -> Value {
    let amount = |what: &str| json!({ "type": "number", "minimum": 0, "maximum": 1_000_000, "description": what });
    let tokens = |what: &str| json!({ "type": "integer", "minimum": 1, "maximum": 1_u64 << 32, "description": what });
    let rates = || {
        json!({
            "input": amount("US dollars for a million tokens"),
            "output": amount("US dollars for a million tokens"),
            "cache_read": amount("US dollars for a million tokens; left out: a tenth of the input"),
            "cache_write_5m": amount("US dollars for a million tokens; left out: one and a quarter of the input"),
            "cache_write_1h": amount("US dollars for a million tokens; left out: twice the input"),
        })
    };
    let with = |more: Value| {
        let mut all = rates();
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
        all
    };
    let model = table(
        "Window and prices of a model; its name may end in `*`",
        with(json!({
            "window": tokens("Tokens of its window"),
            "larger_window": tokens("Tokens of the window that it may be given"),
            "fast": table("Rates of its fast mode", rates(), &["input", "output"]),
            "long": table(
                "Rates of long requests",
                with(json!({ "above": tokens("Tokens from which on they count") })),
                &["above", "input", "output"],
            ),
            "inference_us": amount("Factor where inference is bound to the US"),
            "web_search": amount("US dollars for a thousand searches"),
            "price_as": text("Model whose prices it has"),
        })),
        &[],
    );
    let pattern = table(
        "A secret of one's own",
        json!({
            "name": text("What the marker says"),
            "match": text("Regular expression; of a group (?<secret>…) only that is hidden"),
        }),
        &["match"],
    );
    document(
        "hnpwb configuration",
        &json!({
            "keys": {
                "type": "object",
                "description": "Keys and the actions they stand for: \"ctrl-l\" = \"refresh\"",
                "additionalProperties": { "enum": actions },
            },
            "models": { "type": "object", "description": "Windows and prices of models", "additionalProperties": model },
            "redact": table(
                "What is hidden beside what is known",
                json!({ "pattern": { "type": "array", "items": pattern, "maxItems": 64, "description": "Patterns" } }),
                &[],
            ),
        }),
    )
}

fn document(title: &str, properties: &Value) -> Value {
    json!({ "$schema": DIALECT, "title": title, "type": "object", "additionalProperties": false, "properties": properties })
}

fn table(what: &str, properties: Value, required: &[&str]) -> Value {
    let mut table =
        json!({ "type": "object", "description": what, "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

fn text(what: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "description": what })
}
