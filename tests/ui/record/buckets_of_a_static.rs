use enumetrics::Histogram;

static SECONDS: Histogram<(), 2> = Histogram::with_buckets(&[1.0, 0.5]);

fn main() {
    SECONDS.observe(1.5);
}
