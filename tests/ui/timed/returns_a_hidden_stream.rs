use enumetrics::{Calls, Histogram, LabelValue, metric_family, timed};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Ocr,
    FaceMatch,
}

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Duration of each module.
    #[metric(buckets = [1.0])]
    pub module_duration_seconds: Histogram<Module>,
    /// Calls.
    #[metric(calls(outcome))]
    pub verification: Calls,
}

pub static KYC: Kyc = Kyc::new();

struct Ones;

impl futures_core::Stream for Ones {
    type Item = u8;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<u8>> {
        std::task::Poll::Ready(None)
    }
}

#[timed(KYC.verification)]
fn ones() -> Ones {
    Ones
}

fn main() {}
