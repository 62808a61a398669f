//! Tokens to model.

use enumetrics_promql::Version;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, Visibility};

use super::alert::{self, Alert};
use super::external::External;
use super::lint;
use super::panel::{self, Panel};
use super::promql::Expression;
use super::slo::{self, Slo};
use super::{Group, Kind, LabelValue, Name, Options, Rule, duration};
use crate::attribute::{Setting, default_crate_path, settings, split_at_commas, take_settings, unknown};
use crate::diagnostics::Errors;
use crate::naming;
use crate::rule::{Allowed, says_why};
use crate::span::Place;

const NAME: &str = "name";
const INTERVAL: &str = "interval";
const SEVERITY: &str = "severity";
const RUNBOOKS: &str = "runbooks";
const TARGET_LABELS: &str = "target_labels";
const SCRAPE_INTERVAL: &str = "scrape_interval";
const SERVER: &str = "server";
const RETENTION: &str = "retention";
pub(super) const ALLOW: &str = "allow";
pub(super) const LABELS: &str = "labels";

/// For how long Prometheus takes a sample for the current one, in seconds.
const LOOKBACK: f64 = 300.0;

/// The outline of the macro's input; what its parts mean is read with all mistakes together.
pub(super) struct Block {
    krate: TokenStream,
    attributes: Vec<Attribute>,
    visibility: Visibility,
    ident: Ident,
    catalogs: Vec<TokenStream>,
    external: Vec<External>,
    rules: Vec<Item>,
    /// Why the rest cannot be read. What stands before it may name what stands there, and is not judged alone.
    mistake: Option<syn::Error>,
}

/// `#[alert(…)] Name = expression;`
struct Item {
    attributes: Vec<Attribute>,
    name: Name,
    expression: TokenStream,
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let krate = if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            let path: Path = input.parse()?;
            input.parse::<Token![;]>()?;
            quote!(#path)
        } else {
            default_crate_path()
        };
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let begins = "as in `pub static RULES for METRICS;`";
        let expected = |what: &str| format!("expected {what}, {begins}");
        input
            .parse::<Token![static]>()
            .map_err(|error| syn::Error::new(error.span(), expected("`static`")))?;
        let ident = input.parse()?;
        input
            .parse::<Token![for]>()
            .map_err(|error| syn::Error::new(error.span(), expected("`for` and the catalog")))?;
        let catalogs = split_at_commas(until(input, ';')?);
        input.parse::<Token![;]>()?;
        let (external, rules, mistake) = match parts(input) {
            Ok((external, rules)) => (external, rules, None),
            Err(error) => {
                input.parse::<TokenStream>()?;
                (Vec::new(), Vec::new(), Some(error))
            }
        };
        Ok(Self {
            krate,
            attributes,
            visibility,
            ident,
            catalogs,
            external,
            rules,
            mistake,
        })
    }
}

/// What stands behind the static.
fn parts(input: ParseStream<'_>) -> syn::Result<(Vec<External>, Vec<Item>)> {
    let (mut external, mut rules) = (Vec::new(), Vec::new());
    while !input.is_empty() {
        if input.peek(syn::Ident) && input.peek2(syn::token::Brace) {
            let word: Ident = input.parse()?;
            if word != "external" {
                return Err(syn::Error::new(
                    word.span(),
                    unknown("word", &word.to_string(), &["external"]),
                ));
            }
            let list;
            syn::braced!(list in input);
            let read = External::list(&list);
            // To the end, or syn would complain of what is left.
            list.parse::<TokenStream>()?;
            external.extend(read?);
        } else {
            rules.push(input.parse()?);
        }
    }
    Ok((external, rules))
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let start = input.span();
        let name = until(input, '=')?;
        if name.is_empty() || input.is_empty() {
            return Err(syn::Error::new(
                start,
                "expected a rule: `#[alert(severity = Critical)] Name = expression;` or \
                 `#[record] level:metric:operations = expression;`",
            ));
        }
        input.parse::<Token![=]>()?;
        let expression = until(input, ';')?;
        let ends = "expected `;`, which ends the expression";
        // The next rule begins.
        let attribute = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if let Some(next) = expression.clone().into_iter().find(attribute) {
            return Err(syn::Error::new(next.span(), ends));
        }
        input
            .parse::<Token![;]>()
            .map_err(|error| syn::Error::new(error.span(), ends))?;
        Ok(Self {
            attributes,
            name: Name {
                text: name.clone().into_iter().map(|token| token.to_string()).collect(),
                place: Place::from(&name),
            },
            expression,
        })
    }
}

/// The tokens before a character that stands outside of any bracket.
fn until(input: ParseStream<'_>, end: char) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() {
        let is_end = input.cursor().punct().is_some_and(|(punct, _)| punct.as_char() == end);
        if is_end {
            break;
        }
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    Ok(tokens)
}

impl Block {
    /// What its parts mean.
    pub(super) fn group(mut self, errors: &mut Errors) -> Group {
        if let Some(mistake) = self.mistake {
            errors.push(mistake);
        }
        let options = Options::new(&mut self.attributes, errors);
        let attributes = &self.attributes;
        let mut group = Group {
            krate: self.krate,
            attributes: quote!(#(#attributes)*),
            visibility: self.visibility,
            ident: self.ident,
            options,
            catalogs: self.catalogs,
            external: self.external,
            slos: Vec::new(),
            rules: Vec::new(),
        };
        for item in self.rules {
            item.read(&mut group, errors);
        }
        let name = group.name();
        for slo in &group.slos {
            group.rules.extend(slo.rules(&name));
        }
        group
    }
}

impl Group {
    /// What Prometheus calls it.
    pub(super) fn name(&self) -> String {
        let name = self.options.name.clone();
        name.unwrap_or_else(|| self.ident.to_string().to_lowercase())
    }
}

impl Options {
    fn new(attributes: &mut Vec<Attribute>, errors: &mut Errors) -> Self {
        let known = [
            NAME,
            INTERVAL,
            SEVERITY,
            RUNBOOKS,
            TARGET_LABELS,
            SCRAPE_INTERVAL,
            SERVER,
            RETENTION,
        ];
        let mut options = Self {
            target_labels: vec!["job".to_owned(), "instance".to_owned()],
            ..Self::default()
        };
        for setting in take_settings(attributes, "rules", &known, errors) {
            match setting.word().as_str() {
                NAME => options.name = setting.string(errors).map(|text| text.value()),
                INTERVAL => {
                    options.interval = duration(&setting, errors);
                    if options
                        .interval
                        .as_deref()
                        .and_then(seconds)
                        .is_some_and(|seconds| seconds > LOOKBACK)
                    {
                        let advice = "between two evaluations what is recorded is gone, because Prometheus looks back 5 \
                                      minutes: \"5m\" or less [time-group-interval]";
                        errors.at(setting.word.span(), advice);
                    }
                }
                SEVERITY => {
                    let path = setting.value_as::<Path>("the path of an enum", errors);
                    options.severity = path.map(|path| quote!(#path));
                }
                RUNBOOKS => options.runbooks = setting.string(errors).map(|text| text.value()),
                TARGET_LABELS => {
                    let labels = setting.list::<LitStr>("\"job\", \"instance\"", errors);
                    options.target_labels = labels.iter().map(LitStr::value).collect();
                }
                SCRAPE_INTERVAL => {
                    options.scrape_interval = duration(&setting, errors).and_then(|text| seconds(&text));
                }
                RETENTION => options.retention = duration(&setting, errors),
                _ => {
                    let version = setting.string(errors).and_then(|text| {
                        let version = version(&text.value());
                        if version.is_none() {
                            errors.at(text.span(), "expected a version of Prometheus, such as \"3.5\"");
                        }
                        version
                    });
                    options.server = version;
                }
            }
        }
        options
    }
}

fn version(text: &str) -> Option<Version> {
    let (major, minor) = text.split_once('.')?;
    Some(Version::new(major.parse().ok()?, minor.parse().ok()?))
}

pub(super) fn seconds(text: &str) -> Option<f64> {
    let expr = enumetrics_promql::parse(&format!("x[{text}]")).ok()?;
    match expr.kind {
        enumetrics_promql::ExprKind::Range(range) => Some(range.range.seconds()),
        _ => None,
    }
}

const RECORD: &str = "record";
const ALERT: &str = "alert";
const SLO: &str = "slo";
const PANEL: &str = "panel";

impl Item {
    fn read(self, group: &mut Group, errors: &mut Errors) {
        let Self {
            attributes,
            name,
            expression,
        } = self;
        let docs = paragraphs(&attributes, errors);
        let mut others = attributes.iter().filter(|attribute| !attribute.path().is_ident("doc"));
        let (Some(attribute), None) = (others.next(), others.next()) else {
            let advice = "a rule has one attribute: `#[alert(…)]`, `#[record]`, `#[slo(…)]` or `#[panel(…)]`";
            return name.place.error(advice, errors);
        };
        let kinds = [
            (ALERT, &alert::WORDS[..]),
            (RECORD, &[LABELS, ALLOW]),
            (SLO, &slo::WORDS),
            (PANEL, &panel::WORDS),
        ];
        let Some(&(kind, known)) = kinds.iter().find(|(kind, _)| attribute.path().is_ident(kind)) else {
            let word = attribute
                .path()
                .get_ident()
                .map(ToString::to_string)
                .unwrap_or_default();
            let span = attribute
                .path()
                .segments
                .first()
                .map_or_else(Span::call_site, |first| first.ident.span());
            return errors.at(span, unknown("kind of rule", &word, &[ALERT, RECORD, SLO, PANEL]));
        };
        let tokens = match &attribute.meta {
            Meta::Path(_) => TokenStream::new(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(value) => {
                let advice = format_args!("expected `(`: write `#[{kind}(option = value)]`");
                return errors.at(value.eq_token.span, advice);
            }
        };
        let mistakes = errors.count();
        let settings = settings(tokens, known, errors);
        // What is misspelt may be what is missing.
        let mistaken = errors.count() > mistakes;
        if kind == SLO {
            let slo = Slo::new(name, docs, &settings, mistaken, expression, &group.options, errors);
            return group.slos.extend(slo);
        }
        let mut rule = Rule {
            docs,
            kind: match kind {
                ALERT => Kind::Alert(Alert::new(&settings, mistaken, errors)),
                PANEL => Kind::Panel(Panel::new(&settings, errors)),
                _ => Kind::Record,
            },
            labels: Vec::new(),
            allowed: Vec::new(),
            expression: match kind == PANEL {
                true => Expression::of_panel(expression, name.place),
                false => Expression::new(expression, name.place),
            },
            asked: None,
            name,
        };
        rule.check_name(errors);
        for setting in &settings {
            match setting.word().as_str() {
                LABELS => rule.labels = labels(setting, errors),
                ALLOW => rule.allowed = allowed(setting, errors),
                _ => {}
            }
        }
        group.rules.push(rule);
    }
}

/// Whether it is one word, as the name of an alert is.
pub(super) fn is_word(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Rule {
    fn check_name(&self, errors: &mut Errors) {
        let Name { text, place } = &self.name;
        let example = match self.kind {
            Kind::Alert(_) => Some("an alert, such as `HighErrorRate`"),
            Kind::Panel(_) => Some("a panel, such as `ErrorShare`"),
            Kind::Record => None,
        };
        if let Some(example) = example {
            if !is_word(text) {
                place.error(format_args!("expected the name of {example}"), errors);
            }
        } else if !text.split(':').all(|word| word.is_empty() || is_word(word)) {
            place.error("expected a name such as `level:metric:operations`", errors);
        } else if !text.contains(':') {
            let advice = "what a rule records is called `level:metric:operations`, with colons, which no metric of a \
                          program has [record-name]";
            place.error(advice, errors);
        }
    }
}

/// `team = "identity", module = Module::Ocr`
pub(super) fn labels(setting: &Setting, errors: &mut Errors) -> Vec<(String, LabelValue)> {
    let mut labels = Vec::new();
    for label in setting.list::<Setting>("name = \"value\"", errors) {
        let name = label.word();
        if let Some(problem) = naming::label_name_problem(&name) {
            errors.at(label.word.span(), problem);
        }
        let value = match syn::parse2::<LitStr>(label.value.clone()) {
            Ok(text) => {
                let text_value = text.value();
                if text_value.contains("$value") || text_value.contains(".Value") {
                    let advice = "a label with the value makes a new alert each time the value changes: show it in \
                                  the description [alert-value-label]";
                    errors.at(text.span(), advice);
                }
                LabelValue::Text(text_value)
            }
            Err(_) => match label.value_as::<Path>("a text in quotes, or the variant of an enum of labels", errors) {
                Some(path) => LabelValue::Variant(quote!(#path)),
                None => continue,
            },
        };
        labels.push((name, value));
    }
    labels
}

pub(super) fn allowed(setting: &Setting, errors: &mut Errors) -> Vec<(String, String)> {
    let mut allowed = Vec::new();
    for Allowed { id, place, reason } in setting.list::<Allowed>("lint-id = \"the reason\"", errors) {
        if !lint::is_known(&id) {
            let known = lint::known();
            errors.at(place, unknown("lint", &id, &known));
        }
        says_why(&reason, errors);
        allowed.push((id, reason.value()));
    }
    allowed
}

/// The paragraphs of the doc comment, each on one line, and where they begin.
fn paragraphs(attributes: &[Attribute], errors: &mut Errors) -> Vec<(String, Span)> {
    let mut paragraphs: Vec<(String, Span)> = Vec::new();
    let mut within = false;
    for attribute in attributes {
        let Meta::NameValue(meta) = &attribute.meta else {
            continue;
        };
        if !meta.path.is_ident("doc") {
            continue;
        }
        let Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) = &meta.value
        else {
            errors.at(
                meta.eq_token.span,
                "expected a text: what is shown to people is known only then",
            );
            continue;
        };
        for line in text.value().lines().map(str::trim) {
            if line.is_empty() {
                within = false;
                continue;
            }
            match paragraphs.last_mut().filter(|_| within) {
                Some((paragraph, _)) => *paragraph = format!("{paragraph} {line}"),
                None => paragraphs.push((line.to_owned(), text.span())),
            }
            within = true;
        }
        within &= !text.value().trim().is_empty();
    }
    paragraphs
}
