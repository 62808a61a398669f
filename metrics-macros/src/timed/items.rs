//! `#[timed]` on an `impl` or a `mod`: each public function gets the attribute, and then it is as if it stood there.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use super::function::broken;
use super::parse;
use crate::attribute::{split_at_commas, visible};
use crate::diagnostics::Errors;

/// An `impl` or `mod`.
pub(super) struct Block {
    head: TokenStream,
    items: Group,
    /// In the implementation of a trait every function is public.
    of_trait: bool,
}

impl Block {
    /// Nothing where the item is something else.
    pub(super) fn of(item: &TokenStream) -> Option<Self> {
        let mut head: Vec<TokenTree> = visible(item.clone()).into_iter().collect();
        let qualifiers = Qualifiers::of(&head, &["pub", "default", "unsafe"]);
        let keyword = word(head.get(qualifiers.end)?)?;
        if keyword != "impl" && keyword != "mod" {
            return None;
        }
        let TokenTree::Group(items) = head.pop()? else {
            return None;
        };
        if items.delimiter() != Delimiter::Brace {
            return None;
        }
        let of_trait = keyword == "impl" && has_trait(&head[qualifiers.end + 1..]);
        Some(Self {
            head: head.into_iter().collect(),
            items,
            of_trait,
        })
    }

    pub(super) fn time_functions(self, arguments: &TokenStream) -> TokenStream {
        let mut errors = Errors::default();
        // A mistake in the arguments is one, however many functions there are.
        let target = parse::target(arguments.clone(), &mut errors);
        let attribute = target.filter(|_| cfg!(feature = "timed")).map(|target| {
            let krate = target.krate;
            quote!(#[#krate::timed(#arguments)])
        });
        let mut timed = TokenStream::new();
        let mut some = false;
        for item in items(self.items.stream()) {
            match item {
                Item::Function(function) => {
                    let own = function.attributes.iter().position(is_timed);
                    let skipped = own.is_some_and(|at| is_skip(&function.attributes[at]));
                    if own.is_none() && (self.of_trait || function.is_public) {
                        attribute.to_tokens(&mut timed);
                    }
                    some |= own.is_some() || self.of_trait || function.is_public;
                    for (at, attribute) in function.attributes.into_iter().enumerate() {
                        if !(skipped && own == Some(at)) {
                            attribute.to_tokens(&mut timed);
                        }
                    }
                    function.rest.to_tokens(&mut timed);
                }
                Item::Other(tokens) => timed.extend(tokens),
            }
        }
        if !some {
            errors.at(
                Span::call_site(),
                broken("there is no public function here to time: put `#[timed]` on the functions that are meant"),
            );
        }
        let mut items = Group::new(Delimiter::Brace, timed);
        items.set_span(self.items.span());
        let head = self.head;
        let errors = errors.into_tokens();
        quote!(#head #items #errors)
    }
}

/// What stands in a block.
enum Item {
    Function(Function),
    Other(TokenStream),
}

struct Function {
    /// Each with its `#`.
    attributes: Vec<TokenStream>,
    is_public: bool,
    rest: TokenStream,
}

/// Attributes and words before an item's own.
struct Qualifiers {
    attributes: Vec<TokenStream>,
    is_public: bool,
    /// The position after them.
    end: usize,
}

impl Qualifiers {
    fn of(tokens: &[TokenTree], words: &[&str]) -> Self {
        let mut qualifiers = Self {
            attributes: Vec::new(),
            is_public: false,
            end: 0,
        };
        while let Some(token) = tokens.get(qualifiers.end) {
            let next = tokens.get(qualifiers.end + 1);
            match (token, next) {
                (TokenTree::Punct(punct), Some(next))
                    if punct.as_char() == '#' && is_group(next, Delimiter::Bracket) =>
                {
                    qualifiers
                        .attributes
                        .push([token.clone(), next.clone()].into_iter().collect());
                    qualifiers.end += 2;
                }
                (TokenTree::Ident(ident), next) if words.contains(&ident.to_string().as_str()) => {
                    let is_pub = ident == "pub";
                    qualifiers.is_public |= is_pub;
                    qualifiers.end += 1;
                    if is_pub && next.is_some_and(|next| is_group(next, Delimiter::Parenthesis)) {
                        qualifiers.end += 1;
                    }
                }
                // A visibility that a macro passed on, or nothing where it passed none.
                (TokenTree::Group(group), _) if group.delimiter() == Delimiter::None => {
                    let mut inside = group.stream().into_iter();
                    match inside.next() {
                        None => {}
                        Some(TokenTree::Ident(ident)) if ident == "pub" => qualifiers.is_public = true,
                        Some(_) => return qualifiers,
                    }
                    qualifiers.end += 1;
                }
                // The name of `extern "C"`.
                (TokenTree::Literal(_), _) => qualifiers.end += 1,
                _ => return qualifiers,
            }
        }
        qualifiers
    }
}

/// The items of a block. What is no function is passed on, and so is what cannot be understood.
fn items(stream: TokenStream) -> Vec<Item> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut items = Vec::new();
    let mut rest = &tokens[..];
    while !rest.is_empty() {
        let qualifiers = Qualifiers::of(rest, &["pub", "default", "const", "async", "unsafe", "safe", "extern"]);
        let keyword = rest.get(qualifiers.end).and_then(word);
        let is_function = keyword.as_deref() == Some("fn");
        let ends_in_semicolon = ["const", "static", "type", "use"];
        let to_semicolon = !is_function
            && rest[..=qualifiers.end.min(rest.len() - 1)]
                .iter()
                .filter_map(word)
                .any(|word| ends_in_semicolon.contains(&word.as_str()));
        let end = rest[qualifiers.end..]
            .iter()
            .position(|token| match token {
                TokenTree::Punct(punct) => punct.as_char() == ';',
                token => !to_semicolon && is_group(token, Delimiter::Brace),
            })
            .map_or(rest.len(), |end| qualifiers.end + end + 1);
        let (item, after) = rest.split_at(end);
        rest = after;
        items.push(if is_function {
            let attributes = 2 * qualifiers.attributes.len();
            Item::Function(Function {
                attributes: qualifiers.attributes,
                is_public: qualifiers.is_public,
                rest: item[attributes..].iter().cloned().collect(),
            })
        } else {
            Item::Other(item.iter().cloned().collect())
        });
    }
    items
}

/// Whether an `impl` is one of a trait: a `for` outside of `<…>`, where it would be `for<'a>`.
fn has_trait(tokens: &[TokenTree]) -> bool {
    tokens.windows(2).any(|pair| {
        word(&pair[0]).is_some_and(|word| word == "for")
            && !matches!(&pair[1], TokenTree::Punct(punct) if punct.as_char() == '<')
    })
}

/// `#[timed]`, by whatever path.
fn is_timed(attribute: &TokenStream) -> bool {
    let Some((path, _)) = taken_apart(attribute) else {
        return false;
    };
    path.last().is_some_and(|last| last == "timed")
}

/// `#[timed(skip)]`
fn is_skip(attribute: &TokenStream) -> bool {
    taken_apart(attribute)
        .and_then(|(_, arguments)| arguments)
        .is_some_and(|arguments| {
            let parts = split_at_commas(arguments);
            parts.len() == 1 && parts[0].to_string() == "skip"
        })
}

/// The path of an attribute, and its arguments in parentheses.
fn taken_apart(attribute: &TokenStream) -> Option<(Vec<String>, Option<TokenStream>)> {
    let TokenTree::Group(group) = attribute.clone().into_iter().nth(1)? else {
        return None;
    };
    let mut path = Vec::new();
    for token in group.stream() {
        match token {
            TokenTree::Ident(ident) => path.push(ident.to_string()),
            TokenTree::Punct(punct) if punct.as_char() == ':' => {}
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                return Some((path, Some(group.stream())));
            }
            _ => return None,
        }
    }
    Some((path, None))
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        _ => None,
    }
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}
