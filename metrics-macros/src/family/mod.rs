//! `#[metric_family]`: a struct of metrics.

mod calls;
mod expand;
mod lint;
mod options;
mod parse;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, DeriveInput, LitStr, Type, Visibility};

use crate::attribute::Setting;
use crate::diagnostics::Errors;
use crate::rule::Exceptions;

/// The attribute of a field.
const ATTRIBUTE: &str = "metric";

pub(crate) fn metric_family(arguments: TokenStream, item: TokenStream) -> TokenStream {
    declare(arguments, item, false)
}

/// The struct of metrics; one of a group of calls has its options from the struct around it.
fn declare(arguments: TokenStream, item: TokenStream, is_group: bool) -> TokenStream {
    let mut errors = Errors::default();
    let (item, groups) = calls::rewrite(&arguments, item, &mut errors);
    let input: DeriveInput = match syn::parse2(item.clone()) {
        Ok(input) => input,
        Err(error) => {
            let beside = expand::beside_unread(&item).unwrap_or_else(|| {
                errors.push(error);
                TokenStream::new()
            });
            let errors = errors.into_tokens();
            return quote!(#item #beside #errors);
        }
    };
    let Some(mut family) = parse::parse(arguments, input.clone(), &mut errors) else {
        // Not a struct of metrics: the item stays, so that the rest of the crate goes on.
        let errors = errors.into_tokens();
        let stand_in = expand::stand_in(input, &errors);
        return quote!(#stand_in #errors);
    };
    family.is_group = is_group;
    lint::lint(&family, &mut errors);
    let expansion = expand::expand(&family);
    let errors = errors.into_tokens();
    quote!(#expansion #groups #errors)
}

/// A struct of metrics, understood.
struct Family {
    krate: TokenStream,
    attributes: Vec<Attribute>,
    /// The first paragraph of the doc comment, as that of a metric.
    about: Option<TokenStream>,
    visibility: Visibility,
    ident: Ident,
    /// Namespace and subsystem, where given, with their tokens.
    prefix: Vec<LitStr>,
    /// `name = value`: labels that every series of the struct has.
    constant_labels: Vec<Setting>,
    /// The rules that do not apply to the struct, or to any of its metrics.
    exceptions: Exceptions,
    /// It is made of a group of calls: what is said of its labels, and allowed, the struct around it says.
    is_group: bool,
    max_series: Option<TokenStream>,
    metrics: Vec<Metric>,
}

impl Family {
    /// Whether a metric is excepted from this rule, which it breaks, or all of the struct are.
    fn excepts(&self, metric: &Metric, rule: &str) -> bool {
        metric.exceptions.except(rule) || self.exceptions.except(rule)
    }
}

/// One field.
struct Metric {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    field: Ident,
    ty: Type,
    /// The full name.
    name: String,
    /// The first paragraph of the doc comment, on one line, or the expression that stands in its place.
    help: Option<TokenStream>,
    /// The note of `#[deprecated]`, which may be empty.
    deprecated: Option<TokenStream>,
    buckets: Option<Buckets>,
    native: Option<options::Native>,
    /// The word `exemplars`, where it stands.
    exemplars: Option<Ident>,
    /// The word `sparse`, where it stands.
    sparse: Option<Ident>,
    /// The word `dense`, where it stands.
    dense: Option<Ident>,
    /// The word `shared`, where it stands.
    shared: Option<Ident>,
    quantiles: Option<options::Quantiles>,
    compute: Option<options::Compute>,
    /// Bounds on which an objective lies.
    slo: Vec<TokenStream>,
    unit: Option<LitStr>,
    max_series: Option<TokenStream>,
    /// The name under which it is exported, too.
    was: Option<LitStr>,
    /// How many of its labels decide which series are exported.
    touched: Option<options::Touched>,
    /// It is no metric, but a struct of metrics.
    flatten: bool,
    /// The rules that do not apply to it.
    exceptions: Exceptions,
    /// Its attribute has a mistake, which is reported: what it lacks may be what was meant.
    mistaken: bool,
}

/// `buckets = …`
struct Buckets {
    value: TokenStream,
    /// The elements, where the value is a list of them, each an expression.
    list: Option<Vec<TokenStream>>,
}
