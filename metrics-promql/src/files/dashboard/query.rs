//! Expressions as dashboards have them: with variables.

use crate::ast::{Expr, ExprKind, Matcher};
use crate::files::yaml::Text;
use crate::operator::MatchOp;
use crate::span::Span;

/// What stands in a range instead of a variable.
pub(super) const ANY_TIME: &str = "5m0s";

/// What stands in a label's value instead of a variable; nobody writes it.
const ANY_VALUE: char = '\u{F8FF}';

/// An expression with something in the place of its variables.
pub(super) struct Rendered {
    pub(super) text: Text,
    /// Whether a variable stands where it could be anything: a metric, a label, a number.
    pub(super) is_open: bool,
}

impl Rendered {
    pub(super) fn new(query: &Text) -> Self {
        let mut rendered = Self {
            text: Text::default(),
            is_open: false,
        };
        let mut quote = None;
        let mut in_range = false;
        let mut at = 0;
        let bytes = &query.text;
        while let Some(character) = bytes[at..].chars().next() {
            let place = query.place(at);
            // In a regular expression `\\$` is the sign itself.
            let is_escaped = quote.is_some() && bytes[..at].ends_with('\\');
            if let Some(length) = variable_length(&bytes[at..]).filter(|_| !is_escaped) {
                match quote {
                    Some(_) => rendered.text.push(ANY_VALUE, place),
                    None if in_range || bytes[..at].trim_end().ends_with("offset") => {
                        rendered.text.push_str(ANY_TIME, place);
                    }
                    None => {
                        rendered.is_open = true;
                        rendered.text.push_str("variable", place);
                    }
                }
                at += length;
                continue;
            }
            match (quote, character) {
                (Some(open), _) if character == open => quote = None,
                (Some('"' | '\''), '\\') => {
                    rendered.text.push(character, place);
                    at += 1;
                    let Some(next) = bytes[at..].chars().next() else { break };
                    rendered.text.push(next, query.place(at));
                    at += next.len_utf8();
                    continue;
                }
                (Some(_), _) => {}
                // A comment's apostrophe begins no text.
                (None, '#') => {
                    at += bytes[at..].find('\n').unwrap_or(bytes.len() - at);
                    continue;
                }
                (None, '"' | '\'' | '`') => quote = Some(character),
                (None, '[') => in_range = true,
                (None, ']') => in_range = false,
                (None, _) => {}
            }
            rendered.text.push(character, place);
            at += character.len_utf8();
        }
        rendered
    }
}

/// The length of the variable of Grafana's that a text begins with, in bytes: `$name`, `${name:format}`, `[[name]]` or
/// `[[name:format]]`. Nothing if it begins with something else.
///
/// ```
/// use enumetrics_promql::variable_length;
///
/// assert_eq!(variable_length("${code:regex}|404"), Some(13));
/// assert_eq!(variable_length("[[code]]"), Some(8));
/// assert_eq!(variable_length("[5m]"), None);
/// ```
#[must_use]
pub fn variable_length(text: &str) -> Option<usize> {
    let word = |text: &str| {
        let end = text
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len());
        (end > 0 && !text.starts_with(|c: char| c.is_ascii_digit())).then_some(end)
    };
    if let Some(braced) = text.strip_prefix("${") {
        return braced.find('}').map(|end| end + 3);
    }
    if let Some(name) = text.strip_prefix('$') {
        return word(name).map(|end| end + 1);
    }
    let name = text.strip_prefix("[[")?;
    let end = word(name)?;
    name[end..]
        .find("]]")
        .filter(|rest| name[end..end + rest].is_empty() || name[end..].starts_with(':'))
        .map(|rest| end + rest + 4)
}

/// A value that is a variable.
pub(super) struct Anything {
    pub(super) span: Span,
    /// Whether it is one that the reader chooses, and never several.
    pub(super) is_one: bool,
}

/// Makes matchers with variables match anything, and says where they are.
pub(super) fn with_any_value(expr: &mut Expr, anything: &mut Vec<Anything>) {
    each_matchers(expr, &mut |matchers| {
        for matcher in matchers.iter_mut().filter(|matcher| matcher.value.contains(ANY_VALUE)) {
            anything.push(Anything {
                span: matcher.value_span,
                is_one: matcher.op == MatchOp::Equal,
            });
            matcher.op = MatchOp::Regex;
            ".*".clone_into(&mut matcher.value);
        }
    });
}

/// The matchers of each selector.
pub(super) fn each_matchers(expr: &mut Expr, visit: &mut dyn FnMut(&mut Vec<Matcher>)) {
    // Chains of operators may be longer than the stack is deep.
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        match &mut expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) => {}
            ExprKind::Selector(selector) => visit(&mut selector.matchers),
            ExprKind::Range(range) => visit(&mut range.selector.matchers),
            ExprKind::Subquery(subquery) => todo.push(&mut subquery.operand),
            ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => todo.push(inner),
            ExprKind::Binary(binary) => todo.extend([&mut binary.lhs, &mut binary.rhs]),
            ExprKind::Aggregation(aggregation) => {
                todo.extend(&mut aggregation.parameter);
                todo.push(&mut aggregation.operand);
            }
            ExprKind::Call(call) => todo.extend(&mut call.arguments),
        }
    }
}

/// Whether a variable stood there that could be any value.
pub(super) fn is_of_variable(matcher: &Matcher) -> bool {
    matcher.op == MatchOp::Regex && matcher.value == ".*"
}
