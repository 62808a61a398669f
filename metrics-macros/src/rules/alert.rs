//! What only alerts have.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use std::path::PathBuf;
use syn::Path;

use super::parse::{ALLOW, LABELS};
use super::{duration, runbook};
use crate::attribute::Setting;
use crate::diagnostics::Errors;

const FOR: &str = "for";
const KEEP_FIRING_FOR: &str = "keep_firing_for";
const SEVERITY: &str = "severity";
const RUNBOOK: &str = "runbook";
const SUMMARY: &str = "summary";
const DESCRIPTION: &str = "description";
const PER_TARGET: &str = "per_target";

/// What `#[alert(…)]` knows.
pub(super) const WORDS: [&str; 9] = [
    FOR,
    KEEP_FIRING_FOR,
    SEVERITY,
    RUNBOOK,
    SUMMARY,
    DESCRIPTION,
    PER_TARGET,
    LABELS,
    ALLOW,
];

#[derive(Default)]
pub(super) struct Alert {
    pub(super) hold: Option<String>,
    pub(super) keep_firing_for: Option<String>,
    pub(super) severity: Option<Severity>,
    pub(super) runbook: Option<String>,
    /// The runbook's file, where it is one.
    pub(super) runbook_file: Option<PathBuf>,
    pub(super) summary: Option<(String, Span)>,
    pub(super) description: Option<(String, Span)>,
    /// Whether each target is meant to be judged by itself.
    pub(super) per_target: bool,
    /// Its attribute has a mistake, which is reported: what it lacks may be what was meant.
    pub(super) mistaken: bool,
}

#[derive(Clone)]
pub(super) enum Severity {
    /// Of the group's enum.
    Variant(Ident),
    Path(TokenStream),
}

impl Alert {
    pub(super) fn new(settings: &[Setting], mistaken: bool, errors: &mut Errors) -> Self {
        let mut alert = Self {
            mistaken,
            ..Self::default()
        };
        for setting in settings {
            let text = |errors: &mut Errors| {
                let text = setting.string(errors)?;
                Some((text.value(), text.span()))
            };
            match setting.word().as_str() {
                FOR => alert.hold = duration(setting, errors),
                KEEP_FIRING_FOR => alert.keep_firing_for = duration(setting, errors),
                SEVERITY => {
                    let path =
                        setting.value_as::<Path>("a variant of the enum of severities, such as Critical", errors);
                    alert.severity = path.map(|path| match path.get_ident() {
                        Some(ident) => Severity::Variant(ident.clone()),
                        None => Severity::Path(quote!(#path)),
                    });
                }
                RUNBOOK => {
                    if let Some((text, span)) = text(errors) {
                        match runbook::check(&text) {
                            Ok(file) => alert.runbook_file = file,
                            Err(problem) => errors.at(span, format_args!("{problem} [alert-runbook]")),
                        }
                        alert.runbook = Some(text);
                    }
                }
                SUMMARY => alert.summary = text(errors),
                DESCRIPTION => alert.description = text(errors),
                PER_TARGET => alert.per_target = setting.alone(errors),
                _ => {}
            }
        }
        alert
    }
}
