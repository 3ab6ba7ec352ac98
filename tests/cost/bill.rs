//! `hnpwb status` on transcripts whose cost was computed by hand.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A user's home with Claude's folder and nothing else.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(home.0.path().join("work")).unwrap();
        home
    }

    fn write(&self, file: &str, lines: &[String]) {
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, lines.join("\n") + "\n").unwrap();
    }

    fn transcript(&self, name: &str, lines: &[String]) {
        self.write(&format!(".claude/projects/-work/{name}.jsonl"), lines);
    }

    /// What `hnpwb status` says of each agent, by the stem of its transcript, and on standard error.
    fn status(&self, form: &str) -> (String, String) {
        let home = self.0.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hnpwb"));
        command.args(["status", "--all", "-o", form]).current_dir(home.join("work")).env("HOME", home);
        for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "CLAUDE_CONFIG_DIR", "KUBECONFIG"] {
            command.env_remove(variable);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    fn agent(&self, stem: &str) -> Value {
        let status: Value = serde_json::from_str(&self.status("json").0).unwrap();
        let is = |agent: &&Value| Path::new(agent["transcript"].as_str().unwrap()).file_stem().unwrap() == stem;
        status["agents"].as_array().unwrap().iter().find(is).unwrap().clone()
    }
}

fn answer(id: &str, request: &str, model: &str, usage: &str, extra: &str) -> String {
    format!(
        r#"{{{extra}"type":"assistant","timestamp":"2026-11-20T10:00:00Z","sessionId":"s","requestId":"{request}","message":{{"id":"{id}","model":"{model}","stop_reason":"end_turn","content":[],"usage":{{{usage}}}}}}}"#
    )
}

fn plain(id: &str, model: &str, input: u64, output: u64) -> String {
    answer(id, &format!("r-{id}"), model, &format!(r#""input_tokens":{input},"output_tokens":{output}"#), "")
}

fn prompt(at: &str) -> String {
    format!(r#"{{"type":"user","timestamp":"{at}","message":{{"content":"go"}}}}"#)
}

const SONNET: &str = "claude-sonnet-4-5-20250929";
const HAIKU: &str = "claude-haiku-4-5-20251001";
const CLOUD: &str = "us.anthropic.claude-opus-4-5-20251101-v1:0";
const SPLIT: &str = r#""input_tokens":100,"cache_creation_input_tokens":10000,"cache_read_input_tokens":50000,"cache_creation":{"ephemeral_5m_input_tokens":4000,"ephemeral_1h_input_tokens":6000}"#;

/// Dollars, as exact as they are summed.
fn is(found: &Value, wanted: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} is no number, {wanted} is wanted"));
    assert!((found - wanted).abs() <= wanted * 1e-9, "{found}, not {wanted}");
}

fn stage() -> Home {
    let home = Home::new();
    // Per million: 100 × 3 + 4,000 × 3.75 + 6,000 × 6 + 50,000 × 0.30 + 1,000 × 15 = 81,300.
    let first = answer("m1", "r1", SONNET, &format!(r#"{SPLIT},"output_tokens":20"#), "");
    let last = answer("m1", "r1", SONNET, &format!(r#"{SPLIT},"output_tokens":1000"#), "");
    let side = r#""isSidechain":true,"#;
    let quote =
        |inner: String| format!(r#"{{"type":"progress","data":{{"type":"agent_progress","message":{inner}}}}}"#);
    let of_sub_agent = answer("q2", "rq2", HAIKU, r#""input_tokens":10,"output_tokens":2"#, side);
    home.transcript(
        "s1",
        &[
            prompt("2026-11-20T09:00:00Z"),
            first,
            last.clone(),
            // The whole request is long: 250,000 × 6 + 100 × 22.5 = 1,502,250.
            plain("m2", SONNET, 250_000, 100),
            // None of these is an answer of its own.
            answer("m1", "r9", SONNET, &format!(r#"{SPLIT},"output_tokens":1000"#), side),
            answer("m8", "r8", SONNET, SPLIT, r#""isMeta":true,"#),
            answer("m9", "r7", "<synthetic>", SPLIT, ""),
            r#"{"type":"user","message":{"content":[]},"toolUseResult":{"totalTokens":9000,"usage":{"input_tokens":9000,"output_tokens":1}}}"#.to_owned(),
            // Only here: 1,000 × 1 + 500 × 5 = 3,500.
            quote(answer("q1", "rq1", HAIKU, r#""input_tokens":1000,"output_tokens":500"#, side)),
            // Here, and in the sub-agent's own file.
            quote(of_sub_agent.clone()),
        ],
    );
    // 10 × 1 + 2 × 5 = 20.
    home.transcript("s1/subagents/agent-a", &[of_sub_agent]);
    // A fork: a copy, then 1,000 × 10 + 200 × 50 + 10,000 × 1 = 30,000, a tenth more for the United States, and three searches.
    let fast = r#""input_tokens":1000,"output_tokens":200,"cache_read_input_tokens":10000,"speed":"fast","inference_geo":"us","server_tool_use":{"web_search_requests":3}"#;
    home.transcript("s2", &[prompt("2026-11-20T09:30:00Z"), last, answer("m3", "r3", "claude-opus-5", fast, "")]);
    home.transcript("s3", &[plain("m4", HAIKU, 1_000_000, 0), plain("m5", CLOUD, 1_000, 100)]);
    let old =
        answer("m6", "r6", "claude-3-opus-20240229", r#""input_tokens":9,"output_tokens":9"#, r#""costUSD":0.0125,"#);
    home.transcript("s4", &[old]);
    home.transcript("s5", &[plain("m7", "gpt-5.5", 10, 1)]);
    home
}

#[test]
fn every_answer_is_paid_for_once_and_at_its_own_price() {
    let home = stage();
    is(&home.agent("s1")["cost_usd"], 0.0813 + 1.502_25 + 0.0035);
    is(&home.agent("agent-a")["cost_usd"], 0.000_02);
    is(&home.agent("s2")["cost_usd"], 0.033 + 0.03);
    let tokens = &home.agent("s1")["tokens"];
    assert_eq!((&tokens["cache_creation"], &tokens["output"]), (&10_000.into(), &1_600.into()));
}

#[test]
fn what_has_no_price_is_named_and_never_free() {
    let home = stage();
    let partly = home.agent("s3");
    assert_eq!((&partly["cost_usd"], &partly["unpriced"]), (&Value::Null, &serde_json::json!([CLOUD])));
    is(&partly["cost_known_usd"], 1.0);
    assert_eq!(partly["context"]["window"], Value::Null, "no window is guessed for a cloud");
    let unknown = home.agent("s5");
    assert_eq!((&unknown["cost_usd"], &unknown["unpriced"]), (&Value::Null, &serde_json::json!(["gpt-5.5"])));
    let old = home.agent("s4");
    is(&old["cost_usd"], 0.0125);
    let (table, _) = home.status("table");
    for cell in ["$1.59", "$0.06", "<$0.01", "≥ $1.00", "unpriced", "$0.01"] {
        assert!(table.contains(cell), "{cell}\n{table}");
    }
}

#[test]
fn the_users_table_counts_and_a_mistake_in_it_is_said_with_its_place() {
    let home = stage();
    let config = |lines: &[&str]| {
        home.write(".config/hnpwb/config.toml", &lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
    };
    config(&[
        "[models.\"us.anthropic.claude-opus-4-5-*\"]",
        "price_as = \"claude-opus-4-5\"",
        "window = 180_000",
        "[models.\"claude-haiku-4-5\"]",
        "input = 2.5",
        "output = 5",
    ]);
    let cloud = home.agent("s3");
    is(&cloud["cost_usd"], 2.5 + 0.0075);
    assert_eq!((&cloud["context"]["window"], &cloud["context"]["source"]), (&180_000.into(), &"config.toml".into()));
    config(&["[models.\"claude-haiku-4-5\"]", "inptu = 2.5", "window = \"all\""]);
    let (_, said) = home.status("table");
    assert!(said.contains("config.toml:2:1: unknown key \"inptu\"; did you mean \"input\"?"), "{said}");
    assert!(said.contains("config.toml:3:10: \"window\" must be"), "{said}");
    is(&home.agent("s3")["cost_known_usd"], 1.0);
}

#[test]
fn what_a_status_line_was_told_comes_first() {
    let home = stage();
    let told = r#"{"session_id":"s4","at":"2026-11-20T10:00:00Z","window":123456,"cost_usd":0.5,"five_hour":{"used_percent":31.0}}"#;
    home.write(".local/state/hnpwb/status/s4.json", &[told.to_owned()]);
    // The session's id is that of the file, as no registry says otherwise.
    let lines = [answer("m6", "r6", "claude-opus-5", r#""input_tokens":12345,"output_tokens":9"#, "")
        .replace(r#""s","#, r#""s4","#)];
    home.transcript("s4", &lines);
    let agent = home.agent("s4");
    let context = &agent["context"];
    assert_eq!((&context["window"], &context["percent"]), (&123_456.into(), &9.into()));
    assert_eq!((&context["source"], &context["as_of"]), (&"status line".into(), &"2026-11-20T10:00:00Z".into()));
    assert_eq!(agent["status_line"]["five_hour"]["used_percent"], 31.0);
}
