//! Tokens to model. Of the function only its outline is read: where its signature ends, and whether it can be timed.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, GenericArgument, PathArguments, PathSegment, ReturnType, Token, Type, TypeParamBound};

use super::{Function, Label, Target};
use crate::attribute::{CRATE, Setting, crate_path, split_at_commas, visible};
use crate::diagnostics::Errors;
use crate::span::span_of;

/// What the attribute's arguments say. Nothing after a mistake, which would only bring more.
pub(super) fn target(arguments: TokenStream, errors: &mut Errors) -> Option<Target> {
    let mut metric = None;
    let mut settings = Vec::new();
    let mut complete = true;
    for part in split_at_commas(arguments.clone()) {
        let is_setting = |input: ParseStream<'_>| {
            let found = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
            input.parse::<TokenStream>().map(|_| found)
        };
        if is_setting.parse2(part.clone()).unwrap_or(false) {
            settings.extend(errors.ok(Setting::parse.parse2(part)));
        } else if metric.is_some() || !settings.is_empty() {
            errors.at(
                span_of(&part, Span::call_site()),
                "expected `label = \"value\"`: the metric, if it is named, comes first and once",
            );
            complete = false;
        } else {
            complete &= metric_is_static(&part, errors);
            metric = Some(part);
        }
    }
    let krate = crate_path(&settings, errors);
    let mut labels: Vec<Label> = Vec::new();
    for setting in settings.iter().filter(|setting| setting.word() != CRATE) {
        let name = setting.word();
        if labels.iter().any(|earlier| earlier.name == name) {
            errors.at(setting.word.span(), format_args!("the label '{name}' is given twice"));
            complete = false;
            continue;
        }
        match setting.value_as("the value as it is exported, in quotes, such as \"ocr\"", errors) {
            Some(value) => labels.push(Label {
                name,
                name_span: setting.word.span(),
                value,
            }),
            None => complete = false,
        }
    }
    complete.then(|| Target {
        krate,
        metric,
        labels,
        span: span_of(&arguments, Span::call_site()),
    })
}

/// The labels are looked up while compiling, which only a static allows.
fn metric_is_static(metric: &TokenStream, errors: &mut Errors) -> bool {
    let mut tokens = metric.clone().into_iter();
    let (first, second) = (tokens.next(), tokens.next());
    let is_field = matches!(second, Some(TokenTree::Punct(punct)) if punct.as_char() == '.');
    match first {
        Some(TokenTree::Ident(ident)) if ident == "self" && is_field => {
            errors.at(
                ident.span(),
                "`#[timed]` records into a static, such as `KYC.module_duration_seconds`; \
                 for a metric inside `self`, call its `start_timer()` in the body",
            );
            false
        }
        Some(TokenTree::Literal(literal)) => {
            errors.at(
                literal.span(),
                "expected `label = \"value\"`, or a metric such as `KYC.module_duration_seconds`",
            );
            false
        }
        Some(_) => metric_is_in_seconds(metric, errors),
        None => {
            errors.at(Span::call_site(), "unexpected comma");
            false
        }
    }
}

/// What is observed are seconds; a name that ends in another unit is a slip.
fn metric_is_in_seconds(metric: &TokenStream, errors: &mut Errors) -> bool {
    let Some(TokenTree::Ident(name)) = metric.clone().into_iter().last() else {
        return true;
    };
    let text = name.to_string();
    let unit = OTHER_UNITS.iter().find(|unit| text.ends_with(*unit));
    if let Some(unit) = unit {
        errors.at(
            name.span(),
            format_args!("`#[timed]` observes seconds, and `{text}` ends in `{unit}`"),
        );
    }
    unit.is_none()
}

/// The base units that are not seconds, by Prometheus' naming conventions
/// (<https://prometheus.io/docs/practices/naming/#base-units>).
const OTHER_UNITS: [&str; 8] = [
    "_bytes", "_ratio", "_celsius", "_meters", "_volts", "_amperes", "_joules", "_grams",
];

/// The function's three pieces, if it is one that can be timed.
pub(super) fn function(item: TokenStream, errors: &mut Errors) -> Option<Function> {
    let mut head: Vec<TokenTree> = visible(item).into_iter().collect();
    let Some(outline) = Outline::of(&head) else {
        let span = head.first().map_or_else(Span::call_site, TokenTree::span);
        errors.at(span, "`#[timed]` stands on a function or method");
        return None;
    };
    let last = head.pop().map(|last| visible(last.into()).into_iter());
    let body = match last.and_then(|mut last| last.next()) {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
        _ => {
            errors.at(
                outline.name,
                "there is no body to time: put `#[timed]` on the implementation",
            );
            return None;
        }
    };
    if let Some(span) = outline.constant {
        errors.at(span, "a `const fn` cannot be timed: there is no clock while compiling");
        return None;
    }
    if let (None, Some(future)) = (outline.asynchronous, outline.returns_future) {
        errors.at(
            future,
            "this function returns a future, so that only its creation would be timed: make it an `async fn` \
             (`#[async_trait]` makes such functions: there, put `#[timed]` on a function that the method calls)",
        );
        return None;
    }
    let body_span = body.span();
    let split = |input: ParseStream<'_>| {
        let inner = input.call(Attribute::parse_inner)?;
        Ok((quote::quote!(#(#inner)*), input.parse()?))
    };
    let (inner_attributes, body) = errors.ok(split.parse2(body.stream()))?;
    Some(Function {
        head: head.into_iter().collect(),
        inner_attributes,
        body,
        body_span,
    })
}

/// What `#[timed]` needs to know of a signature.
struct Outline {
    name: Span,
    constant: Option<Span>,
    asynchronous: Option<Span>,
    /// A word for a future in the return type.
    returns_future: Option<Span>,
}

impl Outline {
    /// Reads a signature, if these tokens have one.
    fn of(tokens: &[TokenTree]) -> Option<Self> {
        let word = |token: &TokenTree, text: &str| matches!(token, TokenTree::Ident(ident) if ident == text);
        let at = tokens.iter().position(|token| word(token, "fn"))?;
        let before = |text: &str| tokens[..at].iter().find(|token| word(token, text)).map(TokenTree::span);
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else {
            return None;
        };
        let returns = tokens[skip_parameters(tokens, at + 2)..]
            .iter()
            .take_while(|token| !word(token, "where") && !is_end(token))
            .cloned()
            .collect();
        Some(Self {
            name: name.span(),
            constant: before("const"),
            asynchronous: before("async"),
            returns_future: find_future(returns),
        })
    }
}

/// Whether a signature ends here: with the body, or without one.
fn is_end(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => matches!(group.delimiter(), Delimiter::Brace | Delimiter::None),
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    }
}

/// The position after the parameters, which are the first parentheses outside of the generics' `<…>`.
fn skip_parameters(tokens: &[TokenTree], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut arrow = false;
    for (position, token) in tokens.iter().enumerate().skip(from) {
        match token {
            TokenTree::Group(group) if depth == 0 && group.delimiter() == Delimiter::Parenthesis => {
                return position + 1;
            }
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' && !arrow => depth = depth.saturating_sub(1),
            _ => {}
        }
        arrow = matches!(token, TokenTree::Punct(punct) if punct.as_char() == '-');
    }
    tokens.len()
}

/// The word that says that this return type is a future: `impl Future`, `BoxFuture`, `Pin<Box<dyn Future>>`. One that
/// hides behind another name cannot be seen here.
fn find_future(returns: TokenStream) -> Option<Span> {
    let ReturnType::Type(_, ty) = syn::parse2(returns).ok()? else {
        return None;
    };
    match *ty {
        Type::ImplTrait(ty) => future_bound(&ty.bounds),
        Type::Path(ty) => {
            let last = ty.path.segments.last()?;
            match last.ident.to_string().as_str() {
                "BoxFuture" | "LocalBoxFuture" => Some(last.ident.span()),
                "Pin" => match only_argument(last)? {
                    Type::Path(inner) => match only_argument(inner.path.segments.last()?)? {
                        Type::TraitObject(object) => future_bound(&object.bounds),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

fn future_bound(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<Span> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let last = bound.path.segments.last()?;
            (last.ident == "Future").then(|| last.ident.span())
        }
        _ => None,
    })
}

/// `T` of `Name<T>`.
fn only_argument(segment: &PathSegment) -> Option<&Type> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}
