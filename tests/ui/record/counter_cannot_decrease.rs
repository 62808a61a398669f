use enumetrics::Counter;

static HITS: Counter = Counter::new();

fn main() {
    HITS.dec();
}
