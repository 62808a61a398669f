//! Somebody changes a metric of the example and forgets the rules and panels about it: the build breaks there. Each
//! mistake is made in a copy of the example's own declarations.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What is changed in which file, and what the compiler then says of which line.
struct Mutation {
    name: &'static str,
    file: &'static str,
    changes: &'static [(&'static str, &'static str)],
    error: &'static str,
    /// Words of the lines of `alerts.rs` and `dashboard.rs` that are to blame.
    lines: &'static [&'static str],
}

const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "a metric is renamed",
        file: "metrics.rs",
        changes: &[("pub verification_duration_seconds", "pub verification_time_seconds")],
        error: "nothing exports `kyc_verification_duration_seconds_bucket`; did you mean \
                `kyc_verification_time_seconds_bucket`? [ref-metric]",
        lines: &["histogram_quantile(0.95", "kyc_verification_duration_seconds under 8"],
    },
    Mutation {
        name: "a label is dropped",
        file: "metrics.rs",
        changes: &[(
            "liveness_failures_total: Counter<AttackType>",
            "liveness_failures_total: Counter",
        )],
        error: "label `attack_type` is grouped by, but no series has it",
        lines: &["SpoofingSpike = sum by (attack_type)"],
    },
    Mutation {
        name: "a variant is removed",
        file: "metrics.rs",
        changes: &[(
            "    /// A module failed or took too long, so nothing was decided.\n    Error,\n",
            "",
        )],
        error: "label `status` never has the value `ERROR`",
        lines: &[
            "sum(rate(kyc_verifications_total{status=\"ERROR\"}[5m]))",
            "bad(kyc_verifications_total",
        ],
    },
    Mutation {
        name: "a bucket moves",
        file: "metrics.rs",
        changes: &[("[1, 2, 4, 6, 8, 10, 15], slo = 8", "[1, 2, 4, 6, 9, 10, 15]")],
        error: "`kyc_verification_duration_seconds` has no bucket with the bound 8.0",
        lines: &["kyc_verification_duration_seconds under 8"],
    },
    Mutation {
        name: "the highest buckets go",
        file: "metrics.rs",
        changes: &[("[1, 2, 4, 6, 8, 10, 15]", "[1, 2, 4, 6, 8]")],
        error: "this never holds: the highest bound of `kyc_verification_duration_seconds` is 8",
        lines: &["histogram_quantile(0.95"],
    },
    Mutation {
        name: "a counter becomes a gauge",
        file: "metrics.rs",
        changes: &[
            (
                "pub liveness_failures_total: Counter<AttackType>",
                "pub liveness_failures: Gauge<AttackType>",
            ),
            (
                "pub active_sessions: Gauge",
                "#[metric(name = \"kyc_sessions\")]\n    pub active_sessions: Gauge",
            ),
        ],
        error: "nothing exports `kyc_liveness_failures_total`; did you mean `kyc_liveness_failures`?",
        lines: &[
            "SpoofingSpike = sum by (attack_type)",
            "sum(rate(kyc_liveness_failures_total[$__rate_interval]))",
        ],
    },
    Mutation {
        name: "a runbook loses its heading",
        file: "examples/kyc_gateway/runbooks.md",
        changes: &[("## Spoofing spike", "## Spoofing")],
        error: "has no heading `#spoofing-spike`",
        lines: &["runbooks.md#spoofing-spike"],
    },
    Mutation {
        name: "an objective is loosened beyond what its alerts can see",
        file: "alerts.rs",
        changes: &[("objective = 95", "objective = 90")],
        error: "this can never fire: with an objective of 90 %",
        lines: &["objective = 90"],
    },
];

#[test]
fn a_change_breaks_the_build_at_the_rule_that_it_breaks() {
    let copy = Copy::new();
    let (succeeds, errors) = copy.check();
    assert!(succeeds, "the example as it is: {errors:#?}");
    for mutation in MUTATIONS {
        let Mutation {
            name,
            file,
            error,
            lines,
            ..
        } = mutation;
        let path = copy.path(file);
        let original = fs::read_to_string(&path).unwrap();
        let mut text = original.clone();
        for (from, to) in mutation.changes {
            assert!(text.contains(from), "{name}: {file} has no `{from}`");
            text = text.replacen(from, to, 1);
        }
        fs::write(&path, &text).unwrap();
        let users = ["alerts.rs", "dashboard.rs"].map(|user| (user, fs::read_to_string(copy.path(user)).unwrap()));
        let (succeeds, errors) = copy.check();
        fs::write(&path, &original).unwrap();
        assert!(!succeeds, "{name}: it still compiles");
        for wanted in *lines {
            let is_it = |found: &Found| {
                let user = users.iter().find(|(user, _)| found.file.ends_with(user));
                let line = user.and_then(|(_, text)| text.lines().nth(found.line - 1));
                found.message.contains(error) && line.is_some_and(|line| line.contains(wanted))
            };
            assert!(
                errors.iter().any(is_it),
                "{name}: no `{error}` at `{wanted}` in {errors:#?}"
            );
        }
    }
}

/// An error, and where the compiler shows it.
#[derive(Debug)]
struct Found {
    message: String,
    file: String,
    line: usize,
}

/// A crate of the example's declarations, beside this one.
struct Copy(PathBuf);

impl Copy {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let copy = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutations"));
        _ = fs::remove_dir_all(&copy.0);
        let example = root.join("examples/kyc_gateway");
        fs::create_dir_all(copy.0.join("src")).unwrap();
        fs::create_dir_all(copy.0.join("examples/kyc_gateway")).unwrap();
        for file in ["metrics.rs", "alerts.rs", "dashboard.rs", "ops.rs"] {
            fs::copy(example.join(file), copy.path(file)).unwrap();
        }
        let runbooks = "examples/kyc_gateway/runbooks.md";
        fs::copy(root.join(runbooks), copy.path(runbooks)).unwrap();
        fs::write(
            copy.path("lib.rs"),
            "pub mod alerts;\npub mod dashboard;\npub mod metrics;\npub mod ops;\n",
        )
        .unwrap();
        // The versions that are built already.
        fs::copy(root.join("Cargo.lock"), copy.0.join("Cargo.lock")).unwrap();
        let manifest = format!(
            "[package]\nname = \"mutations\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\nserde = {{ version = \
             \"1.0\", features = [\"derive\"] }}\nenumetrics = {{ path = {:?}, features = [\"dashboards\", \"http\", \"operations\"] }}\n",
            root.display().to_string()
        );
        fs::write(copy.0.join("Cargo.toml"), manifest).unwrap();
        copy
    }

    fn path(&self, file: &str) -> PathBuf {
        match file.contains('/') {
            true => self.0.join(file),
            false => self.0.join("src").join(file),
        }
    }

    /// Whether it compiles, and the errors if it does not.
    fn check(&self) -> (bool, Vec<Found>) {
        // Beside what is built for the tests, so that dependencies need not be built again.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let output = Command::new(env!("CARGO"))
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", target)
            .args(["check", "--quiet", "--offline", "--message-format=json"])
            .output()
            .expect("cargo runs");
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut errors = Vec::new();
        for message in lines
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        {
            let message = &message["message"];
            if message["level"] != "error" {
                continue;
            }
            for span in message["spans"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|span| span["is_primary"] == true)
            {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                errors.push(Found {
                    message: text(&message["message"]),
                    file: text(&span["file_name"]),
                    line: usize::try_from(span["line_start"].as_u64().unwrap_or(1)).unwrap_or(1),
                });
            }
        }
        if !output.status.success() && errors.is_empty() {
            panic!("{}", String::from_utf8_lossy(&output.stderr));
        }
        (output.status.success(), errors)
    }
}
