//! Health by the generic rules, each with the field that decides.

use serde_json::{Value, json};

use super::{Health, HealthState, Rules, at};

fn judge(object: &Value) -> Health {
    Rules::built_in().judge(object).health
}

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
    assert_eq!(verdict(&installed).0, HealthState::Healthy);
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

#[test]
fn a_reason_or_a_message_speaks_where_the_name_is_not_known() {
    let state = |condition: Value| judge(&with_conditions(json!([condition]))).state;
    assert_eq!(
        state(json!({ "type": "Sparkling", "status": "False", "reason": "ApplyFailed" })),
        HealthState::Degraded
    );
    assert_eq!(
        state(json!({ "type": "Sparkling", "status": "True", "reason": "ApplySuccessful" })),
        HealthState::Healthy
    );
    assert_eq!(state(json!({ "type": "Sparkling", "status": "True" })), HealthState::Unknown);
    assert_eq!(state(json!({ "type": "InvalidSpec", "status": "True" })), HealthState::Degraded);
    assert_eq!(state(json!({ "type": "Ready", "status": "False", "reason": "NoWorkerFound" })), HealthState::Degraded);
    let message = "Failed to connect";
    assert_eq!(state(json!({ "type": "Ready", "status": "False", "message": message })), HealthState::Degraded);
    assert_eq!(state(json!({ "type": "Ready", "status": false })), HealthState::Progressing);
    assert_eq!(
        state(json!({ "type": "Progressing", "status": "Unknown", "reason": "RolloutPaused" })),
        HealthState::Suspended
    );
    assert_eq!(judge(&json!({ "status": { "id": 1, "conditions": [] } })).state, HealthState::Progressing);
}

#[test]
fn conditions_of_parts_count() {
    let object = json!({ "status": { "conditions": [{ "type": "Ready", "status": "True" }],
        "listeners": [{ "conditions": [{ "type": "ResolvedRefs", "status": "False", "reason": "InvalidCertificateRef" }] }] } });
    assert_eq!(verdict(&object).2, ".status.listeners[0].conditions[ResolvedRefs]");
    let object = json!({ "status": { "listeners": [{ "conditions": [{ "type": "Accepted", "status": "False", "reason": "Conflicted" }] }] } });
    assert_eq!(verdict(&object).2, ".status.listeners[0].conditions[Accepted]");
    assert_eq!(verdict(&object).0, HealthState::Degraded);
}

#[test]
fn words_are_met_in_any_spelling() {
    for (status, state) in [
        (json!({ "health": "HEALTH_WARN" }), HealthState::Degraded),
        (json!({ "state": "ConfigError" }), HealthState::Degraded),
        (json!({ "phase": "In Progress" }), HealthState::Progressing),
        (json!({ "tasksReady": "1/3" }), HealthState::Progressing),
        (json!({ "tasksReady": "3/3" }), HealthState::Healthy),
        (json!({ "owners": { "one": { "state": "Rejected" } } }), HealthState::Degraded),
        (json!({ "note": "Failed" }), HealthState::Unknown),
    ] {
        assert_eq!(judge(&json!({ "status": status })).state, state, "{status}");
    }
}

#[test]
fn switches_errors_and_pauses_speak() {
    for (object, state) in [
        (json!({ "status": { "healthy": false } }), HealthState::Degraded),
        (json!({ "status": { "ready": false } }), HealthState::Progressing),
        (json!({ "status": { "abort": true, "phase": "Ready" } }), HealthState::Degraded),
        (json!({ "status": { "errMsg": "no route" } }), HealthState::Degraded),
        (json!({ "status": { "errMsg": "", "phase": "Ready" } }), HealthState::Healthy),
        (json!({ "spec": { "suspend": true }, "status": { "phase": "Ready" } }), HealthState::Suspended),
        (
            json!({ "spec": { "replicas": 2 }, "status": { "readyReplicas": 2, "updatedReplicas": 1 } }),
            HealthState::Progressing,
        ),
    ] {
        assert_eq!(judge(&object).state, state, "{object}");
    }
}

#[test]
fn a_job_that_runs_is_not_done() {
    let run = |phase: &str| json!({ "kind": "PipelineRun", "status": { "phase": phase } });
    assert_eq!(judge(&run("Running")).state, HealthState::Progressing);
    assert_eq!(judge(&run("Succeeded")).state, HealthState::Healthy);
}

#[test]
fn kinds_with_rules_of_their_own() {
    let of = |api: &str, kind: &str, status: Value| {
        let metadata = json!({ "name": "a", "generation": 2 });
        verdict(&json!({ "apiVersion": api, "kind": kind, "metadata": metadata, "status": status }))
    };
    let session = |status: Value| of("vteam.ambient-code/v1alpha1", "AgenticSession", status).0;
    let not_ready = json!([{ "type": "Ready", "status": "False", "reason": "Completed" }]);
    assert_eq!(session(json!({ "phase": "Completed", "conditions": not_ready })), HealthState::Healthy);
    assert_eq!(session(json!({ "phase": "Stopped" })), HealthState::Suspended);
    assert_eq!(session(json!({ "phase": "Completed", "observedGeneration": 1 })), HealthState::Progressing);
    let application = |status: Value| of("argoproj.io/v1alpha1", "Application", status);
    let failed = application(
        json!({ "conditions": [{ "type": "OrphanedResourceWarning" }, { "type": "ComparisonError", "message": "no repo" }],
        "health": { "status": "Healthy" } }),
    );
    assert_eq!(
        failed,
        (HealthState::Degraded, "type=ComparisonError: no repo".into(), ".status.conditions[1].type".into())
    );
    let behind = application(json!({ "health": { "status": "Healthy" }, "sync": { "status": "OutOfSync" } }));
    assert_eq!((behind.0, behind.2.as_str()), (HealthState::Progressing, ".status.sync.status"));
    assert_eq!(of("orchestrator.io/v1", "TaskRun", json!({ "phase": "Running" })).0, HealthState::Progressing);
    assert_eq!(of("tekton.dev/v1", "TaskRun", json!({ "phase": "Ready" })).0, HealthState::Healthy);
    let volume = |robustness: &str, state: &str| {
        of("longhorn.io/v1beta2", "Volume", json!({ "robustness": robustness, "state": state })).0
    };
    assert_eq!(volume("faulted", "attached"), HealthState::Degraded);
    assert_eq!(volume("unknown", "detached"), HealthState::Healthy);
    let fabricator = |components: Value| {
        let conditions = json!([{ "type": "Ready", "status": "True" }]);
        of(
            "fabricator.githedgehog.com/v1beta1",
            "Fabricator",
            json!({ "lastAppliedGen": 2, "components": components, "conditions": conditions }),
        )
    };
    assert_eq!(fabricator(json!({ "a": "Ready", "b": "Skipped" })).0, HealthState::Healthy);
    assert_eq!(fabricator(json!({ "a": "Ready", "b": "Pending" })).2, ".status.components[\"b\"]");
}

#[test]
fn an_agent_is_judged_by_its_sign_of_life_and_what_it_applied() {
    let agent = |applied: i64| {
        json!({ "apiVersion": "agent.githedgehog.com/v1beta1", "kind": "Agent", "metadata": { "generation": 4 },
            "spec": { "version": { "default": "v1" } },
            "status": { "version": "v1", "lastHeartbeat": "2026-01-01T00:10:00Z", "lastAttemptTime": "2026-01-01T00:09:00Z",
                "lastAppliedGen": applied, "conditions": [] } })
    };
    let seen = |applied: i64, now: &str| {
        let verdict = Rules::built_in().judge(&agent(applied));
        let (health, next) = at(&verdict.health, &verdict.later, now.parse().unwrap());
        (health.state, health.source.clone(), next.map(|next| next.to_string()))
    };
    let alive = (HealthState::Healthy, ".status.lastAppliedGen".to_owned(), Some("2026-01-01T00:11:00Z".to_owned()));
    assert_eq!(seen(4, "2026-01-01T00:10:30Z"), alive);
    let silent = (HealthState::Degraded, ".status.lastHeartbeat".to_owned(), None);
    assert_eq!(seen(4, "2026-01-01T00:11:00Z"), silent);
    assert_eq!(seen(3, "2026-01-01T00:10:30Z").0, HealthState::Progressing);
    assert_eq!(seen(3, "2026-01-01T00:11:30Z").0, HealthState::Degraded);
    assert_eq!(seen(3, "2026-01-01T00:11:30Z").1, ".status.lastAppliedGen");
    assert_eq!(seen(3, "2026-01-01T00:15:00Z").1, ".status.lastHeartbeat");
}

#[test]
fn what_lasts_too_long_escalates() {
    let rules = "[[kind]]\ngroup = \"*.example\"\nkind = \"*\"\n[[kind.rule]]\nwhen = \".status.phase == Waiting\"\nstate = \"progressing\"\nescalate = { after = \"2m\", from = \".status.since\", to = \"degraded\" }\n";
    let (rules, mistakes) = Rules::parse(rules);
    assert_eq!(mistakes, []);
    let object = json!({ "apiVersion": "lab.example/v1", "kind": "Rack", "status": { "phase": "Waiting", "since": "2026-01-01T00:00:00Z" } });
    let verdict = rules.judge(&object);
    assert_eq!(verdict.health.state, HealthState::Progressing);
    let (from, health) = &verdict.later[0];
    assert_eq!((from.to_string().as_str(), health.state), ("2026-01-01T00:02:00Z", HealthState::Degraded));
    assert_eq!(verdict.later.len(), 1);
}
