//! The function, of which only the outline is read: where its signature ends, and what it returns.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, GenericArgument, PathArguments, PathSegment, ReturnType, Token, Type, TypeParamBound};

use super::Hidden;
use crate::attribute::visible;
use crate::diagnostics::Errors;
use crate::rule::{self, Problem};
use crate::span::Place;

/// The function in pieces: the tokens stay as they are.
pub(super) struct Function {
    pub(super) name: Ident,
    /// Attributes, visibility, signature, where clause.
    pub(super) head: TokenStream,
    /// What stands after `->`.
    pub(super) returns: TokenStream,
    /// `#![…]` at the beginning of the body.
    pub(super) inner_attributes: TokenStream,
    pub(super) body: TokenStream,
    /// The braces.
    pub(super) body_span: Span,
    pub(super) shape: Shape,
}

/// What a call of the function is.
pub(super) enum Shape {
    /// What its body does.
    Plain,
    /// What the future of an `async fn` does.
    Async,
    /// `Box::pin(async move { … })` and nothing else, which is what `#[async_trait]` makes of an `async fn`.
    AsyncInBox(AsyncInBox),
    /// What the future does that it returns.
    Future { boxed: bool },
    /// The stream that it returns, to its end.
    Stream { boxed: bool },
}

/// `Box::pin(async move { … })` in three pieces.
pub(super) struct AsyncInBox {
    /// `Box::pin`
    pub(super) path: TokenStream,
    /// `async move`
    pub(super) keywords: TokenStream,
    pub(super) body: TokenStream,
}

/// The function's pieces, if it is one that can be timed.
pub(super) fn parse(item: TokenStream, hidden: Option<Hidden>, errors: &mut Errors) -> Option<Function> {
    let mut head: Vec<TokenTree> = visible(item).into_iter().collect();
    let Some(outline) = Outline::of(&head) else {
        let span = head.first().map_or_else(Span::call_site, TokenTree::span);
        errors.at(
            span,
            broken("`#[timed]` stands on a function or method, or on an `impl` or inline `mod` for all its public functions; a block or an expression goes into `time!`"),
        );
        return None;
    };
    let last = head.pop().map(|last| visible(last.into()).into_iter());
    let body = match last.and_then(|mut last| last.next()) {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
        _ => {
            errors.at(
                outline.name.span(),
                broken("there is no body to time: put `#[timed]` on the implementation, or on a function that calls this one"),
            );
            return None;
        }
    };
    if let Some(span) = outline.constant {
        errors.at(
            span,
            broken("a `const fn` cannot be timed, as there is no clock while compiling: put `#[timed]` on a function that calls it"),
        );
        return None;
    }
    if let Some(span) = outline.track_caller {
        errors.at(
            span,
            broken(
                "a timed function cannot tell where it was called: put `#[timed]` on a function that this one calls",
            ),
        );
        return None;
    }
    let body_span = body.span();
    let split = |input: ParseStream<'_>| {
        let inner = input.call(Attribute::parse_inner)?;
        Ok((quote!(#(#inner)*), input.parse()?))
    };
    let (inner_attributes, body) = errors.ok(split.parse2(body.stream()))?;
    let shape = outline.shape(hidden, &body);
    if !cfg!(feature = "stream") && matches!(shape, Shape::Stream { .. }) {
        errors.at(
            Place::of(&outline.returns, outline.name.span()),
            broken("to time a stream, switch on the feature `stream` of enumetrics"),
        );
        return None;
    }
    Some(Function {
        name: outline.name,
        head: head.into_iter().collect(),
        returns: outline.returns,
        inner_attributes,
        body,
        body_span,
        shape,
    })
}

/// What cannot be timed.
pub(super) fn broken(message: &str) -> Problem {
    Problem::new(rule::TIMED_FUNCTION, message)
}

/// What `#[timed]` needs to know of a signature.
struct Outline {
    name: Ident,
    constant: Option<Span>,
    asynchronous: bool,
    track_caller: Option<Span>,
    /// What stands after `->`.
    returns: TokenStream,
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
        let track_caller = tokens[..at].iter().find_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                let mut inside = group.stream().into_iter();
                let first = inside.next()?;
                (word(&first, "track_caller") && inside.next().is_none()).then(|| first.span())
            }
            _ => None,
        });
        let returns = tokens[skip_parameters(tokens, at + 2)..]
            .iter()
            .take_while(|token| !word(token, "where") && !is_end(token))
            .skip(2) // the arrow
            .cloned()
            .collect();
        Some(Self {
            name: name.clone(),
            constant: before("const"),
            asynchronous: before("async").is_some(),
            track_caller,
            returns,
        })
    }

    fn shape(&self, hidden: Option<Hidden>, body: &TokenStream) -> Shape {
        if self.asynchronous {
            return Shape::Async;
        }
        let boxed = match hidden {
            Some(hidden) => Some((hidden, true)),
            None => visible_shape(&self.returns),
        };
        match boxed {
            None => Shape::Plain,
            Some((Hidden::Stream, boxed)) => Shape::Stream { boxed },
            Some((Hidden::Future, true)) if let Some(block) = AsyncInBox::of(body) => Shape::AsyncInBox(block),
            Some((Hidden::Future, boxed)) => Shape::Future { boxed },
        }
    }
}

impl AsyncInBox {
    /// Only where the body is nothing else: what returns earlier would get away.
    fn of(body: &TokenStream) -> Option<Self> {
        let mut path: Vec<TokenTree> = visible(body.clone()).into_iter().collect();
        let arguments = group(&path.pop()?, Delimiter::Parenthesis)?;
        let is_path = |token: &TokenTree| match token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(punct) => punct.as_char() == ':',
            _ => false,
        };
        let words: Vec<String> = path.iter().rev().take(4).map(ToString::to_string).collect();
        if words != ["pin", ":", ":", "Box"] || !path.iter().all(is_path) {
            return None;
        }
        let mut keywords: Vec<TokenTree> = arguments.stream().into_iter().collect();
        if matches!(keywords.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == ',') {
            keywords.pop();
        }
        let block = group(&keywords.pop()?, Delimiter::Brace)?;
        let words: Vec<String> = keywords.iter().map(ToString::to_string).collect();
        (words == ["async"] || words == ["async", "move"]).then(|| Self {
            path: path.into_iter().collect(),
            keywords: keywords.into_iter().collect(),
            body: block.stream(),
        })
    }
}

fn group(token: &TokenTree, delimiter: Delimiter) -> Option<Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group.clone()),
        _ => None,
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

/// Whether this return type says that it is a future or a stream, and whether it is boxed. What hides behind another
/// name is found by its type, which cannot tell how to wrap it.
fn visible_shape(returns: &TokenStream) -> Option<(Hidden, bool)> {
    let arrow: ReturnType = syn::parse2(quote!(-> #returns)).ok()?;
    let ReturnType::Type(_, ty) = arrow else { return None };
    match *ty {
        Type::ImplTrait(ty) => Some((asynchronous_bound(&ty.bounds)?, false)),
        Type::Path(ty) => {
            let last = ty.path.segments.last()?;
            match last.ident.to_string().as_str() {
                "BoxFuture" | "LocalBoxFuture" => Some((Hidden::Future, true)),
                "BoxStream" | "LocalBoxStream" => Some((Hidden::Stream, true)),
                "Pin" => match only_argument(last)? {
                    Type::Path(inner) => match only_argument(inner.path.segments.last()?)? {
                        Type::TraitObject(object) => Some((asynchronous_bound(&object.bounds)?, true)),
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

fn asynchronous_bound(bounds: &Punctuated<TypeParamBound, Token![+]>) -> Option<Hidden> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => match bound.path.segments.last()?.ident.to_string().as_str() {
            "Future" => Some(Hidden::Future),
            "Stream" => Some(Hidden::Stream),
            _ => None,
        },
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
