//! What a loader must survive (the inputs are those that real GitOps directories hold).

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::{Loaded, load};

const VPC: &str = "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata:\n  name: vpc-1\n";

fn read(text: &str) -> Loaded {
    load(Path::new("a.yaml"), text.as_bytes())
}

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded.objects.iter().map(|object| object.key.name.as_str()).collect()
}

fn codes(loaded: &Loaded) -> Vec<(&str, Option<u32>)> {
    loaded.findings.iter().map(|finding| (finding.code, finding.line)).collect()
}

#[test]
fn files_without_an_object_are_no_problem() {
    for text in
        ["", "\n\n", "# only\n# comments\n", "---\n", "---", "---\n---\n...\n", "\u{feff}", "%YAML 1.1\n---\n# x\n"]
    {
        assert_eq!(read(text), Loaded::default(), "{text:?}");
    }
}

#[test]
fn each_document_has_its_own_line_and_a_bad_one_hides_no_other() {
    let text = format!("# header\n---\n{VPC}---\n# note\nkind: [unclosed\n---\n{}...\n", VPC.replace("vpc-1", "vpc-2"));
    let loaded = read(&text);
    assert_eq!(names(&loaded), ["vpc-1", "vpc-2"]);
    assert_eq!([loaded.objects[0].line, loaded.objects[1].line], [3, 11]);
    assert_eq!(loaded.findings.len(), 1);
    assert_eq!(loaded.findings[0].code, "not-yaml");
    assert!((9..=11).contains(&loaded.findings[0].line.unwrap()), "{:?}", loaded.findings);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let plain = read(&format!("---\n{VPC}---\n{VPC}"));
    let windows = read(&format!("\u{feff}---\n{VPC}---\n{VPC}").replace('\n', "\r\n"));
    assert_eq!(plain, windows);
    assert_eq!(plain.objects.len(), 2);
}

#[test]
fn dashes_inside_a_block_scalar_begin_no_document() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    one\n    ---\n    two\n";
    let loaded = read(text);
    assert_eq!(loaded.objects[0].value["data"]["x"], "one\n---\ntwo\n");
}

#[test]
fn scalars_are_read_as_kubectl_reads_them() {
    let text =
        format!("{VPC}spec: {{a: yes, b: off, c: 0755, d: 1e3, e: 0x10, f: '0755', g: ~, h: 2024-01-01, i: 1.10}}\n");
    let spec = &read(&text).objects[0].value["spec"];
    assert_eq!(spec["a"], json!(true));
    assert_eq!(spec["b"], json!(false));
    assert_eq!(spec["c"], json!(493));
    assert_eq!(spec["d"].as_f64(), Some(1000.0));
    assert_eq!(spec["e"], json!(16));
    assert_eq!(spec["f"], json!("0755"));
    assert_eq!(spec["g"], json!(null));
    assert_eq!(spec["h"], json!("2024-01-01"));
    assert_eq!(spec["i"].as_f64(), Some(1.1));
}

#[test]
fn lists_are_flattened_and_typed_items_inherit_their_kind() {
    let text = "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPCList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: ns}\n- metadata: {name: lost}\n";
    let loaded = read(text);
    assert_eq!(names(&loaded), ["a", "b", "ns"]);
    assert_eq!(loaded.objects[0].key.kind, "VPC");
    assert_eq!(loaded.objects[2].key.namespace, "");
    assert_eq!(loaded.objects[0].key.namespace, "default");
    assert_eq!(codes(&loaded), [("no-kind", Some(7))]);
}

#[test]
fn json_is_read_alone_and_inside_yaml() {
    let object =
        r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "j"}, "data": {"big": 9007199254740993}}"#;
    for text in [object.to_owned(), format!("# c\n---\n{object}\n---\n{object}")] {
        let loaded = read(&text);
        assert_eq!(loaded.objects[0].value["data"]["big"], json!(9_007_199_254_740_993_u64), "{text}");
        assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
    }
}

#[test]
fn a_key_that_stands_twice_is_a_finding_and_the_last_one_counts() {
    let loaded = read(&format!("{VPC}spec:\n  vlan: 1\n  vlan: 2\n"));
    assert_eq!(loaded.objects[0].value["spec"]["vlan"], 2);
    assert_eq!(codes(&loaded), [("duplicate-key", Some(7))]);
}

#[test]
fn conflict_markers_are_named_and_their_document_is_not_guessed_at() {
    let text = format!(
        "{VPC}---\n{}<<<<<<< HEAD\nspec: {{a: 1}}\n=======\nspec: {{a: 2}}\n>>>>>>> x\n",
        VPC.replace("vpc-1", "two")
    );
    let loaded = read(&text);
    assert_eq!(names(&loaded), ["vpc-1"]);
    assert_eq!(codes(&loaded), [("merge-conflict", Some(10))]);
}

#[test]
fn files_of_other_tools_and_templates_are_noted() {
    let kustomization = load(Path::new("x/kustomization.yaml"), b"resources: []\n");
    assert_eq!(codes(&kustomization), [("not-plain-yaml", None)]);
    let template = read("{{- if .Values.x }}\napiVersion: v1\nkind: {{ .Values.kind }}\n{{- end }}\n");
    assert_eq!(template.findings[0].code, "not-plain-yaml");
    assert!(template.objects.is_empty());
}

#[test]
fn what_is_no_object_says_why() {
    let text = "{\"some\": \"manifest\"}\n---\napiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: 5}\n---\njust text\n";
    let loaded = read(text);
    assert!(loaded.objects.is_empty());
    assert_eq!(
        codes(&loaded),
        [("no-kind", Some(1)), ("generate-name", Some(3)), ("no-name", Some(7)), ("no-kind", Some(11))]
    );
}

#[test]
fn tabs_and_bytes_that_are_no_text_are_findings_with_a_line() {
    assert_eq!(read("a:\n\tb: 1\n").findings[0].code, "not-yaml");
    let loaded = load(Path::new("a.yaml"), b"a: 1\nb: \xff\n");
    assert_eq!(codes(&loaded), [("not-utf8", Some(2))]);
    let pointer = read("version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    assert_eq!(codes(&pointer), [("lfs-pointer", Some(1))]);
}

#[test]
fn an_alias_bomb_is_refused_and_a_plain_anchor_is_not() {
    let mut bomb = format!("{VPC}a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", vec![before; 9].join(", ")).unwrap();
    }
    let loaded = read(&bomb);
    assert_eq!(loaded.findings[0].code, "not-yaml");
    let anchored = read(&format!("{VPC}spec:\n  base: &b {{vlan: 1}}\n  other:\n    <<: *b\n    mtu: 2\n"));
    assert_eq!(anchored.objects[0].value["spec"]["other"], json!({ "vlan": 1, "mtu": 2 }));
}

#[test]
fn a_file_of_more_than_a_megabyte_is_read() {
    let mut text = String::new();
    for number in 0..4000 {
        write!(text, "---\n# {}\n{}", "x".repeat(200), VPC.replace("vpc-1", &format!("vpc-{number}"))).unwrap();
    }
    assert!(text.len() > 1_000_000);
    assert_eq!(read(&text).objects.len(), 4000);
}

#[test]
fn metadata_that_no_server_knows_and_namespaces_that_hedgehog_refuses_are_findings() {
    let text = format!(
        "{VPC}  timestamp: now\n  labels: {{a: b}}\n---\n{VPC}  namespace: lab\n---\n{VPC}  namespace: default\n"
    );
    let loaded = read(&text);
    assert_eq!(loaded.objects.len(), 3, "they are read all the same");
    assert_eq!(codes(&loaded), [("unknown-field", Some(1)), ("wrong-namespace", Some(8))]);
    let elsewhere = read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: lab}\n");
    assert_eq!(codes(&elsewhere), []);
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail_and_every_line_exists(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let loaded = load(Path::new("a.yaml"), &bytes);
        let lines = bytes.split(|byte| *byte == b'\n').count() as u32;
        for finding in loaded.findings {
            prop_assert!(finding.line.is_none_or(|line| (1..=lines + 1).contains(&line)));
        }
    }

    #[test]
    fn a_good_document_survives_any_neighbour(noise in "[ -~\n\t]{0,200}") {
        prop_assume!(!noise.lines().any(|line| line.starts_with("...")));
        let loaded = read(&format!("{noise}\n---\n{VPC}"));
        prop_assert_eq!(loaded.objects.last().map(|object| object.key.name.as_str()), Some("vpc-1"));
    }
}

#[test]
fn a_scalar_that_is_no_text_where_text_is_wanted_is_a_finding_at_its_line() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n    open: yes # it is\n    fine: \"yes\"\n    \
                build: 1.21\n  annotations: { mode: 0755, other: off-peak }\ndata:\n  power: 1e3\n  text: |\n    a: no\n---\n\
                apiVersion: v1\nkind: List\nitems:\n- apiVersion: lab.example/v1\n  kind: Rack\n  metadata:\n    name: r\n    \
                labels:\n      open: No\n  spec:\n    mode: 0644\n";
    let loaded = load(Path::new("a.yaml"), text.as_bytes());
    let said: Vec<_> = loaded.findings.iter().map(|found| (found.code, found.line, found.message.as_str())).collect();
    let expected = [
        (6, "ConfigMap a: metadata.labels.open wants text, and yes without quotes is none in YAML 1.1; quote it"),
        (9, "ConfigMap a: metadata.annotations.mode wants text, and 0755 without quotes is none in YAML 1.1; quote it"),
        (11, "ConfigMap a: data.power wants text, and 1e3 without quotes is none in YAML 1.1; quote it"),
        (23, "Rack r: metadata.labels.open wants text, and No without quotes is none in YAML 1.1; quote it"),
    ];
    assert_eq!(said, expected.map(|(line, message)| ("ambiguous-scalar", Some(line), message)));
    let left: Vec<_> = loaded.objects[1].ambiguous.iter().map(|scalar| (scalar.path.join("."), scalar.line)).collect();
    assert_eq!(left, [("spec.mode".to_owned(), 25)], "what its schema has to say");
}
