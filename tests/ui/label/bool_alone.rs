use enumetrics::Counter;

pub static HITS: Counter<bool> = Counter::new();

fn main() {}
