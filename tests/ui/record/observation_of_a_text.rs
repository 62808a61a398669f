use enumetrics::Histogram;

static SECONDS: Histogram<(), 1> = Histogram::with_buckets(&[1.0]);

fn main() {
    SECONDS.observe("1.5");
}
