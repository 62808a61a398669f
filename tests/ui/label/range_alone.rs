use enumetrics::{Counter, IntRange};

pub static ATTEMPTS: Counter<IntRange<1, 5>> = Counter::new();

fn main() {}
