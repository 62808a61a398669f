//! A group of `Calls`: one field, several metrics.

use enumetrics::{Calls, ErrorLabel, Joined, LabelValue, Outcome, catalog, metric_family, timed};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Liveness,
    Ocr,
}

#[derive(LabelValue, Clone, Copy)]
#[label(name = "error")]
pub enum OcrErrorKind {
    Blurred,
    Timeout,
}

impl ErrorLabel<u8> for OcrErrorKind {
    fn of(error: &u8) -> Self {
        if *error == 0 { Self::Blurred } else { Self::Timeout }
    }
}

#[metric_family(namespace = "kyc")]
#[derive(Debug)]
pub struct Kyc {
    /// Calls of the pipeline's modules.
    #[metric(buckets = [0.5, 1], slo = 1, calls(outcome, in_flight, error = OcrErrorKind, slow = 4, poll), max_series = 100)]
    pub module: Calls<Module>,
}

pub static KYC: Kyc = Kyc::new();
catalog! { static METRICS = [KYC]; }

#[timed(KYC.module, module = "ocr")]
async fn read(ok: Result<u32, u8>) -> Result<u32, u8> {
    let _ = &ok;
    let x = ok?;
    Ok(x)
}

#[timed(KYC.module, module = module)]
fn any(module: Module) {}

#[tokio::test]
async fn works() {
    let _ = read(Ok(1)).await;
    let _ = read(Err(1)).await;
    any(Module::Liveness);
    println!("{}", METRICS.render());
    assert_eq!(KYC.module.calls_total.with(Joined(Module::Ocr, Outcome::Error)).get(), 1);
    panic!();
}
