//! Health by the generic rules, each with the field that decides.

use serde_json::{Value, json};

use super::{HealthState, judge};

fn verdict(object: &Value) -> (HealthState, String, String) {
    let health = judge(object);
    (health.state, health.reason, health.source)
}

#[expect(clippy::needless_pass_by_value, reason = "a test reads better with the value in place")]
fn with_conditions(conditions: Value) -> Value {
    json!({ "kind": "X", "metadata": { "generation": 3 }, "status": { "conditions": conditions } })
}

#[test]
fn no_status_is_no_signal_however_empty_it_is() {
    for status in [json!(null), json!({}), json!({ "conditions": [], "x": { "y": "" } })] {
        let (state, _, source) = verdict(&json!({ "kind": "VPC", "status": status }));
        assert_eq!((state, source.as_str()), (HealthState::NoSignal, ".status"));
    }
    assert_eq!(judge(&json!({ "kind": "VPC" })).state, HealthState::NoSignal);
}

#[test]
fn an_object_being_deleted_names_what_holds_it() {
    let object = json!({ "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"] },
        "status": { "phase": "Running" } });
    let (state, reason, _) = verdict(&object);
    assert_eq!(state, HealthState::Terminating);
    assert!(reason.ends_with("held by a/b"), "{reason}");
}

#[test]
fn ready_decides_and_is_quoted_with_its_reason() {
    let good = with_conditions(json!([{ "type": "Synced", "status": "True" }, { "type": "Ready", "status": "True" }]));
    assert_eq!(verdict(&good), (HealthState::Healthy, "Ready=True".into(), ".status.conditions[Ready]".into()));
    let bad = with_conditions(json!([{ "type": "Ready", "status": "False", "reason": "SecretMissing" }]));
    assert_eq!(verdict(&bad).0, HealthState::Degraded);
    assert_eq!(verdict(&bad).1, "Ready=False: SecretMissing");
    let waiting = with_conditions(json!([{ "type": "Ready", "status": "False", "reason": "Waiting" }]));
    assert_eq!(verdict(&waiting).0, HealthState::Progressing);
}

#[test]
fn a_failure_elsewhere_outweighs_ready() {
    let object =
        with_conditions(json!([{ "type": "Ready", "status": "True" }, { "type": "LastSyncFailed", "status": "True" }]));
    assert_eq!(verdict(&object).2, ".status.conditions[LastSyncFailed]");
    assert_eq!(verdict(&object).0, HealthState::Degraded);
}

#[test]
fn a_failure_that_is_false_is_no_failure() {
    let object =
        with_conditions(json!([{ "type": "Ready", "status": "True" }, { "type": "Stalled", "status": "False" }]));
    assert_eq!(verdict(&object).0, HealthState::Healthy);
}

#[test]
fn the_last_word_of_a_condition_decides_and_not_a_part_of_it() {
    let installed = with_conditions(json!([{ "type": "Installed", "status": "True" }]));
    assert_eq!(verdict(&installed).0, HealthState::Unknown);
    let not_ready = with_conditions(json!([{ "type": "NotReady", "status": "True" }]));
    assert_eq!(verdict(&not_ready).0, HealthState::Degraded);
}

#[test]
fn issuing_makes_ready_false_a_wait() {
    let object = with_conditions(json!([
        { "type": "Issuing", "status": "True", "reason": "Expired" },
        { "type": "Ready", "status": "False", "reason": "Expired" },
    ]));
    assert_eq!(verdict(&object).0, HealthState::Progressing);
}

#[test]
fn a_generation_that_was_not_dealt_with_is_progress() {
    let object = json!({ "metadata": { "generation": 4 },
        "status": { "observedGeneration": 3, "conditions": [{ "type": "Ready", "status": "True" }] } });
    assert_eq!(verdict(&object).2, ".status.observedGeneration");
    assert_eq!(verdict(&object).0, HealthState::Progressing);
    let agent = json!({ "metadata": { "generation": 4 }, "status": { "lastAppliedGen": 3 } });
    assert_eq!(verdict(&agent).0, HealthState::Progressing);
    let application = json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": { "generation": 9 },
        "status": { "observedGeneration": 3, "health": { "status": "Healthy" }, "sync": { "status": "Synced" } } });
    assert_eq!(verdict(&application).0, HealthState::Healthy);
}

#[test]
fn phases_speak_where_no_condition_does() {
    for (phase, state) in [
        ("Running", HealthState::Healthy),
        ("Pending", HealthState::Progressing),
        ("Failed", HealthState::Degraded),
        ("Suspended", HealthState::Suspended),
        ("Wobbly", HealthState::Unknown),
    ] {
        assert_eq!(verdict(&json!({ "status": { "phase": phase } })).0, state, "{phase}");
    }
    let application = json!({ "status": { "health": { "status": "Degraded" }, "sync": { "status": "Synced" } } });
    assert_eq!(verdict(&application).2, ".status.health.status");
}

#[test]
fn replicas_are_counted_and_a_missing_count_is_zero() {
    let ready = json!({ "spec": { "replicas": 2 }, "status": { "replicas": 2, "readyReplicas": 2 } });
    assert_eq!(verdict(&ready).0, HealthState::Healthy);
    let none = json!({ "spec": { "replicas": 2 }, "status": { "replicas": 2 } });
    assert_eq!(verdict(&none).1, "readyReplicas=0 of 2");
    assert_eq!(verdict(&none).0, HealthState::Progressing);
}

#[test]
fn conditions_without_a_status_count_as_true() {
    let object = with_conditions(json!([{ "type": "ComparisonError", "message": "no repo" }]));
    assert_eq!(
        verdict(&object),
        (
            HealthState::Degraded,
            "ComparisonError=present: no repo".into(),
            ".status.conditions[ComparisonError]".into()
        )
    );
}

#[test]
fn ready_settles_what_other_conditions_leave_open_but_not_a_phase() {
    let conditions = json!([{ "type": "Ready", "status": "True" }, { "type": "Synced", "status": "Unknown" }]);
    assert_eq!(judge(&with_conditions(conditions.clone())).state, HealthState::Healthy);
    let object = json!({ "status": { "phase": "Updating", "conditions": conditions } });
    assert_eq!(verdict(&object).2, ".status.phase");
}

#[test]
fn a_pod_that_ended_well_is_not_waiting_to_be_ready() {
    let pod = |phase: &str| {
        json!({ "apiVersion": "v1", "kind": "Pod",
            "status": { "phase": phase, "conditions": [{ "type": "Ready", "status": "False", "reason": "PodCompleted" }] } })
    };
    assert_eq!(judge(&pod("Succeeded")).state, HealthState::Healthy);
    assert_eq!(judge(&pod("Running")).state, HealthState::Progressing);
}

#[test]
fn progress_that_ended_badly_is_a_failure() {
    let object = with_conditions(json!([
        { "type": "Available", "status": "True" },
        { "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded" },
    ]));
    assert_eq!(verdict(&object).2, ".status.conditions[Progressing]");
    assert_eq!(verdict(&object).0, HealthState::Degraded);
    assert_eq!(
        judge(&with_conditions(json!([{ "type": "PartiallyReady", "status": "True" }]))).state,
        HealthState::Degraded
    );
}
