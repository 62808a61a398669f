mod metrics;

use metrics::METRICS;

enumetrics::rules! {
    pub static RULES for METRICS;

    external {
        node_cpu_seconds_total: counter { cpu, mode = "idle" | "user" };
    }

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(rate(node_cpu_seconds_total{mode="idel"}[5m])) > 5;
}

fn main() {}
