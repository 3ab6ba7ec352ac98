//! JSON Schemas of the configuration files, for editors that complete and check TOML by them.
//!
//! They say what the readers beside this file say in words of their own; `tests/config` holds them to the same files.

use serde_json::{Value, json};

use crate::domain::evidence::RowKind;

/// The dialect that they are written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What a duration looks like: `90s`, `5m`, `1h30m`, `2d`.
const DURATION: &str = "^ *([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)? *$";

/// The schema of a session file: `hnpwb.toml`, or `sessions/NAME.toml`.
pub fn session() -> Value {
    let path = |what: &str| text(&format!("{what}: `~` is home, and what is relative lies below the root"));
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
    let row = json!({ "enum": RowKind::ALL.map(RowKind::name), "description": "Row" });
    document(
        "hnpwb session",
        &json!({
            "session": table(
                "The session itself",
                json!({
                    "name": text("Name on screen"),
                    "root": text("Folder of the project"),
                    "state": path("Folder of the journal, briefs, gates and evidence"),
                    "read_only": flag("Nothing is written, and nothing is asked of a cluster but to read"),
                    "stale_after": duration("How long a task may be in progress without a sign of work"),
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
            "gates": table(
                "Gates that are built in",
                json!({ "sets": listed(text("Name of a set"), "Sets of rules that are in force") }),
                &[],
            ),
            "gate": listed(
                table(
                    "A tool call that matches is held",
                    json!({
                        "name": text("Name"),
                        "tool": text("Names of tools, with `|` between them; left out: every tool"),
                        "matches": text("Regular expression of what is to be held"),
                        "paths": listed(text("Path"), "Files that must not be changed; `*` and `**` are wild"),
                        "domains": listed(text("Domain"), "Places that must not be asked"),
                        "outside": flag("What lies outside of the project is held"),
                        "agent": text("Names or roles of agents, with `|` between them; left out: every agent"),
                        "event": text("Event that is held; left out: a tool call"),
                        "fail": { "enum": ["deny", "ask", "wait"], "description": "What happens without a decision" },
                        "deadline": duration("How long it is waited for"),
                        "danger": flag("It is asked twice"),
                        "message": text("What the agent is told"),
                        "require": listed(text("Condition"), "What must hold before it passes by itself"),
                    }),
                    &["name"],
                ),
                "Gate rules",
            ),
            "signals": signals(),
            "notify": notify(false),
            "library": table(
                "What agents can be told to read",
                json!({
                    "paths": listed(text("Path below the root"), "Files and folders that belong to it"),
                    "exclude": listed(text("Path below the root"), "Files and folders that do not"),
                }),
                &[],
            ),
            "brief": table("Briefs", json!({ "templates": path("Folder of templates") }), &[]),
            "review": table(
                "What a review asks for",
                json!({
                    "require": listed(row, "Rows that have to hold"),
                    "git_notes": flag("A sign-off is noted on its last commit"),
                }),
                &[],
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
            "signals": signals(),
            "notify": notify(true),
            "redact": table(
                "What is hidden beside what is known",
                json!({ "pattern": { "type": "array", "items": pattern, "maxItems": 64, "description": "Patterns" } }),
                &[],
            ),
        }),
    )
}

/// Levels of signals: which there are depends on the signal.
fn signals() -> Value {
    let level = json!({ "description": "A level: a number, a duration, names" });
    json!({
        "type": "object",
        "description": "Levels of signals, by the name of the signal; `off = true` turns one off",
        "additionalProperties": { "type": "object", "additionalProperties": level },
    })
}

/// How the operator is told. Only a user's own file may name a command.
fn notify(users_own: bool) -> Value {
    let mut properties = json!({
        "tell": text("Least urgency that is told"),
        "bell": flag("The terminal's bell"),
        "terminal": text("The terminal's own notifications"),
        "tmux": flag("The status line of tmux"),
        "desktop": flag("The desktop's notifications"),
        "quiet": listed(text("From and to: 22:00-07:00"), "Hours in which nothing is told"),
    });
    if users_own {
        properties["command"] = listed(text("Word"), "Command that is run, word by word");
    }
    table("How one is told", properties, &[])
}

fn flag(what: &str) -> Value {
    json!({ "type": "boolean", "description": what })
}

fn duration(what: &str) -> Value {
    json!({ "type": "string", "pattern": DURATION, "minLength": 2, "description": what })
}

fn listed(item: Value, what: &str) -> Value {
    let mut list = json!({ "type": "array", "description": what });
    list["items"] = item;
    list
}

fn document(title: &str, properties: &Value) -> Value {
    json!({ "$schema": DIALECT, "title": title, "type": "object", "additionalProperties": false, "properties": properties })
}

fn table(what: &str, properties: Value, required: &[&str]) -> Value {
    let mut table = json!({ "type": "object", "description": what, "additionalProperties": false });
    table["properties"] = properties;
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

fn text(what: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "description": what })
}
