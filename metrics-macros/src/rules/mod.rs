//! `rules!`: alerts and recording rules beside the metrics that they are about.
//!
//! What the expressions alone show is found here. What takes the metrics, whose descriptors no macro sees, becomes questions
//! to constants (`expand`), each on the tokens that it is about.

mod alert;
mod expand;
mod external;
mod lint;
mod panel;
mod parse;
mod promql;
mod runbook;
mod slo;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Visibility;

use self::external::External;
use self::promql::Expression;
use crate::attribute::{Setting, form};
use crate::diagnostics::Errors;
use crate::span::Place;

pub(crate) fn rules(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let expansion = errors.ok(syn::parse2(item)).map(|block: parse::Block| {
        let group = block.group(&mut errors);
        let analysis = lint::analyse(&group, &mut errors);
        expand::expand(&group, &analysis)
    });
    let errors = errors.into_tokens();
    quote!(#expansion #errors)
}

/// All that one `rules!` says.
struct Group {
    krate: TokenStream,
    attributes: TokenStream,
    visibility: Visibility,
    ident: Ident,
    options: Options,
    catalogs: Vec<TokenStream>,
    external: Vec<External>,
    slos: Vec<slo::Slo>,
    rules: Vec<Rule>,
}

/// `#[rules(…)]` on the static.
#[derive(Default)]
struct Options {
    name: Option<String>,
    interval: Option<String>,
    /// The enum of severities.
    severity: Option<TokenStream>,
    /// What stands before a runbook's path to make a URL of it.
    runbooks: Option<String>,
    target_labels: Vec<String>,
    scrape_interval: Option<f64>,
    /// How long Prometheus keeps what it scrapes.
    retention: Option<String>,
    server: Option<enumetrics_promql::Version>,
}

struct Rule {
    name: Name,
    /// The paragraphs of the doc comment.
    docs: Vec<(String, Span)>,
    kind: Kind,
    labels: Vec<(String, LabelValue)>,
    /// Ids of lints, and the reasons.
    allowed: Vec<(String, String)>,
    expression: Expression,
    /// What is checked in its place, where it is made of an objective.
    asked: Option<Vec<Expression>>,
}

enum Kind {
    Record,
    Alert(alert::Alert),
    Panel(panel::Panel),
}

/// `kyc:verifications:rate5m`, which are several tokens.
struct Name {
    text: String,
    place: Place,
}

#[derive(Clone)]
enum LabelValue {
    Text(String),
    /// A variant of an enum.
    Variant(TokenStream),
}

impl Rule {
    fn is_record(&self) -> bool {
        matches!(self.kind, Kind::Record)
    }

    fn allows(&self, lint: &str) -> bool {
        self.allowed.iter().any(|(id, _)| id == lint)
    }
}

/// What a doc comment says, as it is shown to people.
fn joined(paragraphs: &[(String, Span)]) -> String {
    let mut text = String::new();
    for (paragraph, _) in paragraphs {
        if !text.is_empty() {
            text += "\n\n";
        }
        text += paragraph;
    }
    text
}

/// A duration as rules have it: `5m`, `1h30m`.
fn duration(setting: &Setting, errors: &mut Errors) -> Option<String> {
    let text = setting.string(errors)?;
    let value = text.value();
    if !is_duration(&value) {
        errors.at(text.span(), form("expected a duration such as \"5m\" or \"1h30m\""));
        return None;
    }
    Some(value)
}

fn is_duration(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.ends_with(char::is_alphabetic)
        && text.chars().all(|c| c.is_ascii_alphanumeric())
        && enumetrics_promql::parse(&format!("x[{text}]")).is_ok()
}
