use enumetrics::{Summary};

static WAIT: Summary<(), 1> = Summary::with_quantiles(&[99.0], std::time::Duration::from_secs(60));

fn main() {
    WAIT.observe(0.5);
}
