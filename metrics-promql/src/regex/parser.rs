//! From text to a tree, without recursion, so that no pattern overflows the stack.

use super::class::{self, Class};
use super::{InvalidRegex, Node};
use crate::span::Span;

/// Go's limits.
const MOST_REPETITIONS: u32 = 1000;
const MOST_GROUPS_IN_GROUPS: usize = 998;

pub(super) fn parse(pattern: &str) -> Result<Node, InvalidRegex> {
    let mut parser = Parser {
        pattern,
        at: 0,
        flags: Flags {
            newlines: true,
            ..Flags::default()
        },
        open: Vec::new(),
        current: Group::default(),
    };
    parser.whole()?;
    Ok(parser.current.close())
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `(?i)`
    ignore_case: bool,
    /// `(?m)`
    lines: bool,
    /// `(?s)`
    newlines: bool,
}

#[derive(Default)]
struct Group {
    alternatives: Vec<Node>,
    items: Vec<Node>,
}

impl Group {
    fn alternative(&mut self) {
        let mut items = std::mem::take(&mut self.items);
        self.alternatives.push(match items.len() {
            1 => items.remove(0),
            _ => Node::Concat(items),
        });
    }

    fn close(mut self) -> Node {
        self.alternative();
        match self.alternatives.len() {
            1 => self.alternatives.remove(0),
            _ => Node::Alternate(self.alternatives),
        }
    }
}

/// A group that is not closed yet: what stood before it.
struct Open {
    at: usize,
    flags: Flags,
    outside: Group,
}

struct Parser<'a> {
    pattern: &'a str,
    at: usize,
    flags: Flags,
    open: Vec<Open>,
    current: Group,
}

impl<'a> Parser<'a> {
    fn whole(&mut self) -> Result<(), InvalidRegex> {
        // Where the last repetition began, if nothing stands between.
        let mut last_repeat = None;
        while let Some(next) = self.peek() {
            let start = self.at;
            let mut repeat = None;
            match next {
                '(' if self.rest().starts_with("(?") => self.special_group()?,
                '(' => {
                    self.at += 1;
                    self.open_group(start, self.flags)?;
                }
                ')' => {
                    self.at += 1;
                    self.close_group(start)?;
                }
                '|' => {
                    self.at += 1;
                    self.current.alternative();
                }
                '*' | '+' | '?' => {
                    self.at += 1;
                    let (least, most) = match next {
                        '*' => (0, None),
                        '+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    repeat = Some(start);
                    self.repeat(start, last_repeat, least, most)?;
                }
                '{' => match self.counted()? {
                    Some((least, most)) => {
                        repeat = Some(start);
                        self.repeat(start, last_repeat, least, most)?;
                    }
                    None => {
                        self.at += 1;
                        self.literal('{');
                    }
                },
                '[' => self.class()?,
                '\\' => self.escape()?,
                _ => {
                    self.at += next.len_utf8();
                    let flags = self.flags;
                    match next {
                        '.' => self.push(Node::Any {
                            newlines: flags.newlines,
                        }),
                        '^' => self.push(Node::Start { of_line: flags.lines }),
                        '$' => self.push(Node::End { of_line: flags.lines }),
                        other => self.literal(other),
                    }
                }
            }
            last_repeat = repeat;
        }
        match self.open.last() {
            None => Ok(()),
            Some(open) => Err(
                InvalidRegex::new(Span::new(open.at, open.at + 1), "this `(` is not closed")
                    .with_help(ESCAPE_PARENTHESIS),
            ),
        }
    }

    // --- groups ---

    fn open_group(&mut self, at: usize, inside: Flags) -> Result<(), InvalidRegex> {
        if self.open.len() == MOST_GROUPS_IN_GROUPS {
            return Err(self.wrong(at, "groups are nested too deep"));
        }
        let outside = std::mem::take(&mut self.current);
        self.open.push(Open {
            at,
            flags: self.flags,
            outside,
        });
        self.flags = inside;
        Ok(())
    }

    fn close_group(&mut self, at: usize) -> Result<(), InvalidRegex> {
        let Some(open) = self.open.pop() else {
            return Err(self
                .wrong(at, "no `(` is open that this `)` closes")
                .with_help(ESCAPE_PARENTHESIS));
        };
        let inside = std::mem::replace(&mut self.current, open.outside);
        self.flags = open.flags;
        self.push(inside.close());
        Ok(())
    }

    /// `(?:`, `(?i)`, `(?i:`, `(?P<name>`, `(?<name>`
    fn special_group(&mut self) -> Result<(), InvalidRegex> {
        let start = self.at;
        let rest = self.rest();
        if let Some(named) = rest.strip_prefix("(?P<").or_else(|| rest.strip_prefix("(?<")) {
            let name = named.split_once('>').map(|(name, _)| name);
            let is_word = |character: char| character == '_' || character.is_ascii_alphanumeric();
            let Some(name) = name.filter(|name| !name.is_empty() && name.chars().all(is_word)) else {
                self.at += rest.len() - named.len();
                return Err(self
                    .wrong(
                        start,
                        "a group's name consists of letters, digits and `_`: `(?P<name>…)`",
                    )
                    .with_help(NO_LOOKAROUND));
            };
            self.at += rest.len() - named.len() + name.len() + 1;
            return self.open_group(start, self.flags);
        }
        self.at += 2;
        let mut flags = self.flags;
        let mut on = true;
        let mut seen = false;
        while let Some(next) = self.bump() {
            match next {
                'i' => flags.ignore_case = on,
                'm' => flags.lines = on,
                's' => flags.newlines = on,
                // Greed changes what a part matches, not whether all does.
                'U' => {}
                '-' if on => {
                    on = false;
                    seen = false;
                    continue;
                }
                ':' if on || seen => return self.open_group(start, flags),
                ')' if on || seen => {
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            seen = true;
        }
        Err(self
            .wrong(start, format!("`{}` begins no group", &self.pattern[start..self.at]))
            .with_help(NO_LOOKAROUND))
    }

    // --- repetition ---

    fn repeat(
        &mut self,
        start: usize,
        last_repeat: Option<usize>,
        least: u32,
        most: Option<u32>,
    ) -> Result<(), InvalidRegex> {
        if self.peek() == Some('?') {
            self.at += 1;
        }
        if let Some(first) = last_repeat {
            return Err(self.wrong(first, "this repeats a repetition"));
        }
        let Some(node) = self.current.items.pop() else {
            return Err(self
                .wrong(start, "there is nothing before it to repeat")
                .with_help("any text is `.*`; what is meant literally stands behind a backslash, `\\*`"));
        };
        let node = Node::Repeat {
            node: Box::new(node),
            least,
            most,
        };
        if (least >= 2 || most.is_some_and(|most| most >= 2)) && !repeats_at_most(&node, MOST_REPETITIONS) {
            return Err(self.wrong(start, "this repeats more than 1000 times"));
        }
        self.push(node);
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,5}`; anything else is text.
    fn counted(&mut self) -> Result<Option<(u32, Option<u32>)>, InvalidRegex> {
        let start = self.at;
        let rest = self.rest();
        let Some(end) = rest.find('}') else {
            return Ok(None);
        };
        let inside = &rest[1..end];
        let (least, most) = match inside.split_once(',') {
            None => (inside, Some(inside)),
            Some((least, "")) => (least, None),
            Some((least, most)) => (least, Some(most)),
        };
        let (Some(least), Some(most)) = (count(least), most.map_or(Some(None), |most| count(most).map(Some))) else {
            return Ok(None);
        };
        self.at += end + 1;
        if least > MOST_REPETITIONS || most.is_some_and(|most| most > MOST_REPETITIONS) {
            return Err(self.wrong(start, "this repeats more than 1000 times"));
        }
        if most.is_some_and(|most| most < least) {
            return Err(self.wrong(start, "the second number is smaller than the first"));
        }
        Ok(Some((least, most)))
    }

    // --- characters ---

    fn literal(&mut self, character: char) {
        let ignores_case = self.flags.ignore_case;
        self.push(Node::Literal {
            character,
            ignores_case,
        });
    }

    fn push_class(&mut self, class: Class) {
        let ignores_case = self.flags.ignore_case;
        self.push(Node::Class { class, ignores_case });
    }

    /// A backslash and what belongs to it, outside a class.
    fn escape(&mut self) -> Result<(), InvalidRegex> {
        let rest = self.rest();
        let node = match rest.chars().nth(1) {
            Some('A') => Node::Start { of_line: false },
            Some('z') => Node::End { of_line: false },
            Some('b') => Node::WordBoundary(true),
            Some('B') => Node::WordBoundary(false),
            Some('Q') => {
                let quoted = &rest[2..];
                let (text, length) = match quoted.split_once("\\E") {
                    Some((text, _)) => (text, text.len() + 4),
                    None => (quoted, rest.len()),
                };
                self.at += length;
                text.chars().for_each(|character| self.literal(character));
                return Ok(());
            }
            _ => {
                let mut class = Class::default();
                if self.class_escape(&mut class)? {
                    self.push_class(class);
                } else {
                    let code = self.character_escape()?;
                    self.literal(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                return Ok(());
            }
        };
        self.at += 2;
        self.push(node);
        Ok(())
    }

    /// `\d`, `\P{Greek}` and the like, if that is what stands here.
    fn class_escape(&mut self, class: &mut Class) -> Result<bool, InvalidRegex> {
        let start = self.at;
        let rest = self.rest();
        let mut characters = rest.chars().skip(1);
        let Some(letter) = characters.next() else {
            return Ok(false);
        };
        if let Some(ranges) = class::perl(letter.to_ascii_lowercase()) {
            self.at += 2;
            if letter.is_ascii_lowercase() {
                class.ranges.extend(ranges);
            } else {
                class.add_complement(ranges);
            }
            return Ok(true);
        }
        if !matches!(letter, 'p' | 'P') {
            return Ok(false);
        }
        let (name, length) = match characters.next() {
            None => ("", 2),
            Some('{') => match rest.find('}') {
                Some(end) => (&rest[3..end], end + 1),
                None => ("", rest.len()),
            },
            Some(letter) => (&rest[2..2 + letter.len_utf8()], 2 + letter.len_utf8()),
        };
        self.at += length;
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let Some(known) = class::unicode(name) else {
            return Err(self
                .wrong(start, "Unicode has no class of this name")
                .with_help("categories such as `\\p{L}` or `\\p{Lu}` and scripts such as `\\p{Greek}`"));
        };
        class.unicode.push((known, negated == (letter == 'P')));
        Ok(true)
    }

    /// The character that a backslash and what follows stand for.
    fn character_escape(&mut self) -> Result<u32, InvalidRegex> {
        let start = self.at;
        self.at += 1;
        let Some(letter) = self.bump() else {
            return Err(self
                .wrong(start, "a backslash stands at the end")
                .with_help("a backslash itself is `\\\\`, which in double quotes is written `\\\\\\\\`"));
        };
        let code = match letter {
            '0'..='7' => self.octal(letter),
            'x' => self.hexadecimal(),
            'a' => Some(0x07),
            'f' => Some(0x0C),
            'n' => Some(0x0A),
            'r' => Some(0x0D),
            't' => Some(0x09),
            'v' => Some(0x0B),
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => Some(u32::from(other)),
            _ => None,
        };
        code.ok_or_else(|| {
            let error = self.wrong(
                start,
                format!("`{}` is no escape sequence", &self.pattern[start..self.at]),
            );
            match letter {
                '1'..='9' => error.with_help("there are no references to groups in RE2"),
                'Z' => error.with_help("the end is `\\z`, and values are matched to their end anyway"),
                _ => error,
            }
        })
    }

    /// A single digit would be a reference to a group, unless it is 0.
    fn octal(&mut self, first: char) -> Option<u32> {
        let mut code = first.to_digit(8)?;
        let mut more = 0;
        while more < 2
            && let Some(digit) = self.peek().and_then(|next| next.to_digit(8))
        {
            self.at += 1;
            more += 1;
            code = code * 8 + digit;
        }
        (more > 0 || first == '0').then_some(code)
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        if self.peek() != Some('{') {
            let first = self.bump()?.to_digit(16)?;
            return Some(first * 16 + self.bump()?.to_digit(16)?);
        }
        self.at += 1;
        let mut code = None;
        loop {
            match self.bump()? {
                '}' => return code,
                digit => {
                    let next = code.unwrap_or(0) * 16 + digit.to_digit(16)?;
                    code = Some(next).filter(|&code| code <= u32::from(char::MAX));
                    code?;
                }
            }
        }
    }

    // --- classes ---

    /// `[^a-z\d]`
    fn class(&mut self) -> Result<(), InvalidRegex> {
        let start = self.at;
        self.at += 1;
        let mut class = Class {
            negated: self.peek() == Some('^'),
            ..Class::default()
        };
        self.at += usize::from(class.negated);
        let mut first = true;
        loop {
            match self.peek() {
                None => {
                    self.at = start + 1;
                    return Err(self
                        .wrong(start, "this `[` is not closed")
                        .with_help("a bracket that is meant literally stands behind a backslash"));
                }
                Some(']') if !first => break,
                Some('[') if self.rest().starts_with("[:") && self.rest()[2..].contains(":]") => {
                    self.posix(&mut class)?;
                }
                Some('\\') if self.class_escape(&mut class)? => {}
                Some(_) => self.range(start, &mut class)?,
            }
            first = false;
        }
        self.at += 1;
        self.push_class(class);
        Ok(())
    }

    /// `[:alpha:]`
    fn posix(&mut self, class: &mut Class) -> Result<(), InvalidRegex> {
        let start = self.at;
        let rest = &self.rest()[2..];
        let name = rest.split(":]").next().unwrap_or_default();
        self.at += name.len() + 4;
        let (bare, negated) = match name.strip_prefix('^') {
            Some(bare) => (bare, true),
            None => (name, false),
        };
        match class::posix(bare) {
            Some(ranges) if negated => class.add_complement(ranges),
            Some(ranges) => class.ranges.extend(ranges),
            None => return Err(self.wrong(start, format!("there is no class `[:{name}:]`"))),
        }
        Ok(())
    }

    /// `a` or `a-z`
    fn range(&mut self, open: usize, class: &mut Class) -> Result<(), InvalidRegex> {
        let start = self.at;
        let first = self.class_character(open)?;
        let mut last = first;
        let rest = self.rest();
        if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
            self.at += 1;
            last = self.class_character(open)?;
            if last < first {
                return Err(self.wrong(start, "this range ends before it begins"));
            }
        }
        class.ranges.push((first, last));
        Ok(())
    }

    fn class_character(&mut self, open: usize) -> Result<u32, InvalidRegex> {
        match self.peek() {
            Some('\\') => self.character_escape(),
            Some(character) => {
                self.at += character.len_utf8();
                Ok(u32::from(character))
            }
            None => {
                self.at = open + 1;
                Err(self.wrong(open, "this `[` is not closed"))
            }
        }
    }

    // --- helpers ---

    fn push(&mut self, node: Node) {
        self.current.items.push(node);
    }

    fn rest(&self) -> &'a str {
        &self.pattern[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// From `start` up to here.
    fn wrong(&self, start: usize, message: impl Into<String>) -> InvalidRegex {
        InvalidRegex::new(Span::new(start, self.at), message)
    }
}

const ESCAPE_PARENTHESIS: &str = "a parenthesis that is meant literally stands behind a backslash";
const NO_LOOKAROUND: &str = "RE2 looks neither ahead nor behind; a matcher with `!~` says what a value is not";

/// A number without leading zeros; one that is too long is too large.
fn count(digits: &str) -> Option<u32> {
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    if digits.is_empty() || leading_zero || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}

/// Whether repetitions inside repetitions stay within `limit` together.
fn repeats_at_most(node: &Node, limit: u32) -> bool {
    match node {
        Node::Repeat { node, least, most } => {
            // Go's `*`, `+` and `?` are other operators, and count once.
            let is_operator = matches!((least, most), (0 | 1, None) | (0, Some(1)));
            let times = if is_operator { 1 } else { most.unwrap_or(*least) };
            times == 0 || (times <= limit && repeats_at_most(node, limit / times))
        }
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().all(|node| repeats_at_most(node, limit)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::regex::Regex;

    #[test]
    fn refuses_what_go_refuses() {
        for (pattern, start, end) in [
            ("a(b", 1, 2),
            ("a)", 1, 2),
            ("*a", 0, 1),
            ("a|*", 2, 3),
            ("a**", 1, 3),
            ("a{2}{3}", 1, 7),
            ("[a", 0, 1),
            ("[z-a]", 1, 4),
            ("[a-\\d]", 3, 5),
            ("a{1001}", 1, 7),
            ("a{3,2}", 1, 6),
            ("(a{500}){3}", 8, 11),
            ("\\", 0, 1),
            ("\\1", 0, 2),
            ("\\Z", 0, 2),
            ("\\p{Klingon}", 0, 11),
            ("(?=a)", 0, 3),
            ("(?P<a-b>c)", 0, 4),
            ("[[:word:][:words:]]", 9, 18),
            ("\\x{110000}", 0, 9),
        ] {
            let error = parse(pattern).unwrap_err();
            assert_eq!(
                (error.span().start, error.span().end),
                (start, end),
                "{pattern}: {error}"
            );
        }
    }

    #[test]
    fn matches_what_go_matches() {
        for (pattern, yes, no) in [
            ("", "", "a"),
            ("5..", "503", "5030"),
            ("a|bc|", "bc", "b"),
            ("a.c", "a\nc", "ac"),
            ("(?-s)a.c", "abc", "a\nc"),
            ("(?i)straße", "STRAßE", "x"),
            ("(?i:a)b", "Ab", "AB"),
            ("[^a-c]+", "xyz", "xay"),
            ("[]a]+", "]a", "b"),
            ("[a-]+", "a-", "b"),
            ("\\d{2,3}", "123", "1234"),
            ("x{,2}", "x{,2}", "xx"),
            ("\\Qa.b\\E+", "a.bb", "axb"),
            ("\\bfoo\\b", "foo", "foob"),
            ("a\\Bb", "ab", "a b"),
            ("\\x41\\x{42}\\103", "ABC", "abc"),
            ("[[:^digit:]x]+", "abx", "a1"),
            ("\\S+", "ab", "a b"),
            ("\\pL\\P{L}", "a1", "11"),
            ("[\\p{^Lu}]", "a", "A"),
            ("(?m)a$\n^b", "a\nb", "ab"),
            ("(a*)*b", "aaab", "aaa"),
            ("^a$", "a", "aa"),
        ] {
            let regex = Regex::new(pattern).unwrap();
            assert_eq!(
                (regex.matches(yes), regex.matches(no)),
                (Some(true), Some(false)),
                "{pattern}"
            );
        }
        assert_eq!(Regex::new("\\p{Greek}").unwrap().matches("α"), None);
    }

    #[test]
    fn no_pattern_is_slow_or_deep() {
        let value = "a".repeat(100);
        assert_eq!(Regex::new("(a*)*(a|aa)*b").unwrap().matches(&value), Some(false));
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&format!("{}a{}", "(".repeat(998), ")".repeat(998))).is_ok());
    }
}
