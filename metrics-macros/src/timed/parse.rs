//! Tokens to model. Of the function only its outline is read: where its signature ends, and whether it can be timed.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Token};

use super::{Function, Label, Target};
use crate::attribute::{CRATE, Setting, crate_path, split_at_commas};
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
        match setting.string(errors) {
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
        Some(_) => true,
        None => {
            errors.at(Span::call_site(), "unexpected comma");
            false
        }
    }
}

/// The function's three pieces, if it is one that can be timed.
pub(super) fn function(item: TokenStream, errors: &mut Errors) -> Option<Function> {
    let mut head: Vec<TokenTree> = item.into_iter().collect();
    let Some(outline) = Outline::of(&head) else {
        let span = head.first().map_or_else(Span::call_site, TokenTree::span);
        errors.at(span, "`#[timed]` stands on a function or method");
        return None;
    };
    let body = match head.pop() {
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
            "this function returns a future, so that only its creation would be timed: make it an `async fn`",
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
            .take_while(|token| !word(token, "where"))
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

/// The first word for a future; the function's body, which is in braces, is not looked at.
fn find_future(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident)
            if ["Future", "BoxFuture", "LocalBoxFuture"]
                .iter()
                .any(|word| ident == word) =>
        {
            Some(ident.span())
        }
        TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => find_future(group.stream()),
        _ => None,
    })
}
