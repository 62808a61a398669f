//! The verification itself.
//!
//! ```text
//! liveness   ─┐
//! ocr        ─┼─> antifraud ─> decision
//! face_match ─┘
//! ```
//!
//! The first three need nothing from each other and run at the same time. The first module that fails or takes too
//! long ends the verification; the calls still under way are dropped, and their time so far is on record like any
//! other's.

use crate::api::{DeviceId, VerifyAnswer, VerifyRequest};
use crate::clients::{self, ModuleFailure, Modules};
use crate::metrics::{KYC, Module, Status};
use crate::modules::antifraud::Application;
use crate::modules::decision::{Evidence, Verdict};
use crate::modules::ocr;
use enumetrics::timed;

/// Verifies one applicant and counts how it ended.
///
/// If the client leaves before the end, this future is dropped: the verification has a duration, but no status,
/// because nobody was told one. So `kyc_verification_duration_seconds_count` less the sum of `kyc_verifications_total`
/// is the number of verifications that their clients gave up.
pub async fn verify(
    modules: &Modules,
    device: DeviceId,
    request: VerifyRequest,
) -> Result<VerifyAnswer, ModuleFailure> {
    let outcome = run(modules, device, request).await;
    let status = outcome.as_ref().map_or(Status::Error, |answer| answer.status);
    KYC.verifications_total.with(status).inc();
    outcome
}

#[timed(KYC.verification_duration_seconds)]
async fn run(modules: &Modules, device: DeviceId, request: VerifyRequest) -> Result<VerifyAnswer, ModuleFailure> {
    let caller = modules.caller(request.simulate);
    let (liveness, ocr, face_match) = tokio::try_join!(
        async {
            let call = clients::liveness(caller, request.liveness);
            let report = caller.patiently(Module::Liveness, call).await?;
            // Counted as soon as it is seen: whatever happens to the rest, there was an attack.
            if let Some(attack) = report.attack {
                KYC.liveness_failures_total.with(attack).inc();
            }
            Ok(report)
        },
        caller.patiently(Module::Ocr, clients::ocr(caller, request.document)),
        caller.patiently(Module::FaceMatch, clients::face_match(caller, request.faces)),
    )?;

    let application = Application {
        device,
        country: request.country,
        document: ocr.document().cloned(),
    };
    let antifraud = caller
        .patiently(Module::Antifraud, clients::antifraud(caller, application))
        .await?;

    let attack_type = liveness.attack;
    let unreadable = match &ocr {
        ocr::Report::Read(_) => None,
        ocr::Report::Unreadable(error) => Some(error.to_string()),
    };
    let evidence = Evidence {
        liveness,
        ocr,
        face_match,
        antifraud,
    };
    let decision = caller
        .patiently(Module::Decision, clients::decision(caller, evidence))
        .await?;

    Ok(VerifyAnswer {
        status: decision.verdict.into(),
        reasons: decision.reasons,
        attack_type,
        unreadable,
    })
}

impl From<Verdict> for Status {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Verified => Self::Verified,
            Verdict::ManualReview => Self::ManualReview,
            Verdict::Rejected => Self::Rejected,
        }
    }
}
