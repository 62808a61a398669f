//! What only panels of dashboards have.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::parse::ALLOW;
use crate::attribute::{Setting, unknown};
use crate::diagnostics::Errors;
use crate::span::Place;

const TITLE: &str = "title";
const ROW: &str = "row";
const UNIT: &str = "unit";
const LEGEND: &str = "legend";
const SHOW: &str = "show";
const REPLACE: &str = "replace";

/// What `#[panel(…)]` knows.
pub(super) const WORDS: [&str; 7] = [TITLE, ROW, UNIT, LEGEND, SHOW, REPLACE, ALLOW];

/// The variants of the runtime's `PanelKind`.
const KINDS: [&str; 5] = ["TimeSeries", "Stat", "Table", "Heatmap", "StateTimeline"];

#[derive(Default)]
pub(super) struct Panel {
    title: Option<String>,
    row: Option<String>,
    unit: Option<String>,
    pub(super) legend: Option<String>,
    kind: Option<Ident>,
    /// Whether it stands in the place of what is generated.
    replace: bool,
}

impl Panel {
    pub(super) fn new(settings: &[Setting], errors: &mut Errors) -> Self {
        let mut panel = Self::default();
        for setting in settings {
            let text = |errors: &mut Errors| setting.string(errors).map(|text| text.value());
            match setting.word().as_str() {
                TITLE => panel.title = text(errors),
                ROW => panel.row = text(errors),
                UNIT => panel.unit = text(errors),
                LEGEND => panel.legend = text(errors),
                SHOW => {
                    panel.kind = setting.value_as::<Ident>("a kind of panel, such as Stat", errors);
                    let is_unknown = |kind: &mut Ident| !KINDS.contains(&kind.to_string().as_str());
                    if let Some(kind) = panel.kind.take_if(is_unknown) {
                        errors.at(kind.span(), unknown("kind of panel", &kind.to_string(), &KINDS));
                    }
                }
                REPLACE => panel.replace = setting.alone(errors),
                _ => {}
            }
        }
        panel
    }

    /// The calls that say what is not as it is by default.
    pub(super) fn calls(&self, krate: &TokenStream) -> TokenStream {
        let mut texts = TokenStream::new();
        for (call, text) in [
            ("__title", &self.title),
            ("__row", &self.row),
            ("__unit", &self.unit),
            ("__legend", &self.legend),
        ] {
            if let Some(text) = text {
                let call = Ident::new(call, proc_macro2::Span::call_site());
                texts.extend(quote!(.#call(#text)));
            }
        }
        let kind = self.kind.as_ref().map(|kind| {
            let path = Place::from(kind.span()).moved(&quote!(#krate::PanelKind));
            quote!(.__kind(#path::#kind))
        });
        let replace = self.replace.then(|| quote!(.__replacing()));
        quote!(#texts #kind #replace)
    }
}
