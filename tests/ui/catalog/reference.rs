use enumetrics::{Counter, catalog};

pub static REQUESTS: Counter = Counter::new();

catalog! { pub static METRICS = [&REQUESTS]; }

fn main() {}
