use enumetrics::{Counter};

static SECONDS: Counter<(), f64> = Counter::new();

fn main() {
    SECONDS.inc_by(2);
}
