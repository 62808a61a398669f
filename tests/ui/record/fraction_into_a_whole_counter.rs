use enumetrics::{Counter};

static RUNS: Counter = Counter::new();

fn main() {
    RUNS.inc_by(0.5);
}
