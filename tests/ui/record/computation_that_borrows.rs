use enumetrics::{ComputedGauge};

static QUEUE: ComputedGauge = ComputedGauge::new();

fn main() {
    let length = 1.0;
    QUEUE.compute_with(|()| length);
}
