use enumetrics::{Counter, LabelSet, LabelValue};

#[derive(LabelValue)]
pub enum Endpoint {
    Verify,
}

#[derive(LabelValue)]
pub enum Reason {
    IpLimit,
}

#[derive(LabelSet)]
pub struct RateLimitHit {
    pub endpoint: Endpoint,
    pub reason: Reason,
}

static HITS: Counter<RateLimitHit> = Counter::new();

fn main() {
    HITS.with(RateLimitHit {
        endpoint: Endpoint::Verify,
    })
    .inc();
}
