use enumetrics::Counter;

pub static REQUESTS: Counter<String> = Counter::new();

fn main() {}
