//! As much of YAML as rule files and dashboards are made of, JSON included: lists, maps and texts, each with its place.
//!
//! Not read are aliases, tags' meanings and several documents.

use std::iter::repeat_n;

/// What a file is made of.
#[derive(Debug)]
pub(super) enum Node {
    Text(Text),
    List(Vec<Node>),
    Map(Vec<(Text, Node)>),
    Nothing,
}

/// A text, and where in the file each of its bytes stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Text {
    pub(super) text: String,
    places: Vec<usize>,
    /// Where it begins, with its quotes.
    pub(super) start: usize,
    /// Where it ends, with its quotes; of a block, behind its last line.
    pub(super) end: usize,
}

/// Where a file cannot be read, and why.
#[derive(Debug, PartialEq)]
pub(super) struct Unreadable {
    pub(super) at: usize,
    pub(super) message: &'static str,
}

/// The whole file.
pub(super) fn read(text: &str) -> Result<Node, Unreadable> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.skip(true);
    while reader.rest().starts_with("---") {
        reader.skip_line();
        reader.skip(true);
    }
    let node = reader.block(None)?;
    reader.skip(true);
    match reader.rest() {
        "" => Ok(node),
        rest if rest.starts_with("---") || rest.starts_with("...") => Ok(node),
        _ => Err(reader.fail("expected the end of the file, or an entry that is indented like those before it")),
    }
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(known, _)| known.text == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// Where the first key of a map stands.
    pub(super) fn first_place(&self) -> Option<usize> {
        match self {
            Self::Map(entries) => entries.first().map(|(key, _)| key.start),
            _ => None,
        }
    }

    /// Whether it is there, and not `null`.
    pub(super) fn is_something(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Text(text) => text.text != "null",
            Self::List(_) | Self::Map(_) => true,
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<&Text> {
        match self.get(key)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn list(&self, key: &str) -> &[Self] {
        match self.get(key) {
            Some(Self::List(items)) => items,
            _ => &[],
        }
    }

    pub(super) fn entries(&self, key: &str) -> &[(Text, Self)] {
        match self.get(key) {
            Some(Self::Map(entries)) => entries,
            _ => &[],
        }
    }
}

impl Text {
    pub(super) fn push(&mut self, character: char, place: usize) {
        self.text.push(character);
        self.places.extend(repeat_n(place, character.len_utf8()));
    }

    /// Whether it stands in quotes, so that it is no number, and not `null`.
    pub(super) fn is_quoted(&self, file: &str) -> bool {
        file[self.start..].starts_with(['"', '\''])
    }

    pub(super) fn push_str(&mut self, text: &str, place: usize) {
        self.text.push_str(text);
        self.places.extend(repeat_n(place, text.len()));
    }

    /// Where a byte of it stands in the file; behind it, where it ends.
    pub(super) fn place(&self, at: usize) -> usize {
        let after_last = || self.places.last().map(|place| place + 1);
        self.places.get(at).copied().or_else(after_last).unwrap_or(self.start)
    }
}

/// How deep lists and maps may be nested.
const MOST_DEEP: usize = 100;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn fail(&self, message: &'static str) -> Unreadable {
        Unreadable { at: self.at, message }
    }

    /// How far the next character is indented.
    fn column(&self) -> usize {
        let line = self.text[..self.at].rfind('\n').map_or(0, |newline| newline + 1);
        self.at - line
    }

    fn skip_line(&mut self) {
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    /// Skips blanks and comments, and if wanted ends of lines.
    fn skip(&mut self, lines: bool) {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
            self.at += blanks;
            let starts_line = self.text[..self.at].ends_with([' ', '\t', '\n', '\r']) || self.at == 0;
            match self.next() {
                Some('#') if starts_line => self.skip_line(),
                Some('\n') if lines => self.at += 1,
                _ => return,
            }
        }
    }

    fn is_item(&self) -> bool {
        let rest = self.rest();
        rest.starts_with('-') && rest[1..].chars().next().is_none_or(char::is_whitespace)
    }

    /// What stands on the next lines, if they are further in than `parent`.
    fn block(&mut self, parent: Option<usize>) -> Result<Node, Unreadable> {
        self.skip(true);
        let is_inside = parent.is_none_or(|parent| self.column() > parent);
        if self.next().is_none() || !is_inside {
            return Ok(Node::Nothing);
        }
        self.here(parent)
    }

    fn here(&mut self, parent: Option<usize>) -> Result<Node, Unreadable> {
        self.depth += 1;
        if self.depth > MOST_DEEP {
            return Err(self.fail("this is nested too deep"));
        }
        let node = if self.is_item() {
            self.items()
        } else if self.key_length().is_some() {
            self.entries()
        } else {
            self.inline(parent)
        };
        self.depth -= 1;
        node
    }

    fn items(&mut self) -> Result<Node, Unreadable> {
        let column = self.column();
        let mut items = Vec::new();
        while self.next().is_some() && self.column() == column && self.is_item() {
            self.at += 1;
            self.skip(false);
            items.push(match self.next() {
                None | Some('\n') => self.block(Some(column))?,
                _ => self.here(Some(column))?,
            });
            self.skip(true);
        }
        Ok(Node::List(items))
    }

    fn entries(&mut self) -> Result<Node, Unreadable> {
        let column = self.column();
        let mut entries = Vec::new();
        while self.next().is_some() && self.column() == column && !self.is_item() {
            let Some(length) = self.key_length() else {
                return Err(self.fail("expected `key: value`"));
            };
            let end = self.at + length;
            let key = match self.next() {
                Some('"' | '\'') => self.quoted()?,
                _ => self.plain_until(end),
            };
            self.at = end + 1;
            self.skip(false);
            let value = match self.next() {
                None | Some('\n') => {
                    self.skip(true);
                    // A list may stand right below its key.
                    match self.next().is_some() && self.column() == column && self.is_item() {
                        true => self.here(Some(column))?,
                        false => self.block(Some(column))?,
                    }
                }
                _ => self.inline(Some(column))?,
            };
            entries.push((key, value));
            self.skip(true);
        }
        Ok(Node::Map(entries))
    }

    /// The length of the key that stands here, up to its colon, if one does.
    fn key_length(&self) -> Option<usize> {
        let line = self.rest().lines().next()?;
        let is_colon = |at: usize| line[at + 1..].chars().next().is_none_or(char::is_whitespace);
        let from = match line.chars().next()? {
            '[' | '{' | '|' | '>' | '#' | '&' | '*' | '!' => return None,
            quote @ ('"' | '\'') => {
                let end = line[1..].find(quote)? + 2;
                let after = line[end..].trim_start();
                return (after.starts_with(':') && is_colon(line.len() - after.len()))
                    .then(|| line.len() - after.len());
            }
            _ => 0,
        };
        let comment = line.find(" #").unwrap_or(line.len());
        line[from..comment]
            .match_indices(':')
            .map(|(at, _)| at)
            .find(|at| is_colon(*at))
    }

    /// What stands behind a key or a dash.
    fn inline(&mut self, parent: Option<usize>) -> Result<Node, Unreadable> {
        while matches!(self.next(), Some('&' | '!')) {
            self.at += self.rest().find(char::is_whitespace).unwrap_or(self.rest().len());
            self.skip(false);
            if matches!(self.next(), None | Some('\n')) {
                return self.block(parent);
            }
        }
        match self.next() {
            Some('[' | '{') => self.flow(),
            Some('|' | '>') => Ok(Node::Text(self.literal(parent))),
            Some('"' | '\'') => Ok(Node::Text(self.quoted()?)),
            Some('*') => Err(self.fail("aliases are not read here: write out what is meant")),
            _ => Ok(Node::Text(self.plain(parent))),
        }
    }

    /// The lines below `|` or `>` that are further in.
    fn literal(&mut self, parent: Option<usize>) -> Text {
        let mut text = Text {
            start: self.at,
            ..Text::default()
        };
        let is_folded = self.next() == Some('>');
        self.skip_line();
        let mut indent = None;
        // Whether the line before is one that is folded with the next.
        let mut is_open = false;
        while self.next() == Some('\n') {
            let line = self.rest()[1..].split('\n').next().unwrap_or_default();
            let blanks = line.len() - line.trim_start_matches(' ').len();
            let is_blank = line.trim().is_empty();
            if !is_blank && parent.is_some_and(|parent| blanks <= parent) {
                break;
            }
            self.at += 1;
            let indent = *indent.get_or_insert(blanks);
            // What is further in keeps its lines.
            let folds = is_folded && !is_blank && blanks == indent;
            if !text.text.is_empty() {
                text.push(if folds && is_open { ' ' } else { '\n' }, self.at - 1);
            }
            is_open = folds;
            let from = indent.min(blanks);
            for (at, character) in line.trim_end().char_indices().filter(|(at, _)| *at >= from) {
                text.push(character, self.at + at);
            }
            self.at += line.len();
        }
        text.end = text.place(text.text.len());
        text
    }

    fn plain_until(&mut self, end: usize) -> Text {
        let mut text = Text {
            start: self.at,
            ..Text::default()
        };
        for (at, character) in self.text[self.at..end].trim_end().char_indices() {
            text.push(character, self.at + at);
        }
        self.at = end;
        text.end = text.start + text.text.len();
        text
    }

    /// A text without quotes, which goes on on lines that are further in.
    fn plain(&mut self, parent: Option<usize>) -> Text {
        let mut text = Text {
            start: self.at,
            ..Text::default()
        };
        loop {
            let line = self.rest().split('\n').next().unwrap_or_default();
            let end = if line.starts_with('#') {
                0
            } else {
                line.find(" #").unwrap_or(line.len())
            };
            for (at, character) in line[..end].trim_end().char_indices() {
                text.push(character, self.at + at);
            }
            text.end = self.at + line[..end].trim_end().len();
            self.skip_line();
            let end = self.at;
            self.skip(true);
            let goes_on = self.next().is_some()
                // A dash is one of the text here.
                && parent.is_none_or(|parent| self.column() > parent)
                && self.key_length().is_none();
            if !goes_on {
                self.at = end;
                return text;
            }
            // Where lines are folded they are parted by a space.
            text.push(' ', end);
        }
    }

    fn quoted(&mut self) -> Result<Text, Unreadable> {
        let start = self.at;
        let mut text = Text {
            start,
            ..Text::default()
        };
        let quote = self.next().unwrap_or_default();
        self.at += 1;
        while let Some(character) = self.next() {
            let place = self.at;
            self.at += character.len_utf8();
            match character {
                '\'' if quote == '\'' && self.next() == Some('\'') => {
                    self.at += 1;
                    text.push('\'', place);
                }
                character if character == quote => {
                    text.end = self.at;
                    return Ok(text);
                }
                '\\' if quote == '"' => self.escape(&mut text, place)?,
                '\n' => {
                    self.skip_blanks();
                    text.push(' ', place);
                }
                character => text.push(character, place),
            }
        }
        Err(Unreadable {
            at: start,
            message: "this text has no end",
        })
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn escape(&mut self, text: &mut Text, place: usize) -> Result<(), Unreadable> {
        let Some(character) = self.next() else {
            return Err(self.fail("this text has no end"));
        };
        self.at += character.len_utf8();
        let digits = match character {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            // The line goes on.
            '\n' => {
                self.skip_blanks();
                return Ok(());
            }
            other => {
                let meant = match other {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    other => other,
                };
                text.push(meant, place);
                return Ok(());
            }
        };
        let code = self
            .rest()
            .get(..digits)
            .and_then(|code| u32::from_str_radix(code, 16).ok());
        let Some(code) = code else {
            return Err(self.fail("expected the hexadecimal digits of a character"));
        };
        self.at += digits;
        // Half a surrogate pair is no character.
        text.push(char::from_u32(code).unwrap_or('\u{FFFD}'), place);
        Ok(())
    }

    /// `[…]`, `{…}` and what stands in them: JSON, too.
    fn flow(&mut self) -> Result<Node, Unreadable> {
        self.depth += 1;
        if self.depth > MOST_DEEP {
            return Err(self.fail("this is nested too deep"));
        }
        let node = match self.next() {
            Some('[') => self.flow_list(),
            Some('{') => self.flow_map(),
            Some('"' | '\'') => self.quoted().map(Node::Text),
            _ => {
                let end = |(at, character): (usize, char)| match character {
                    ',' | ']' | '}' | '\n' => true,
                    ':' => self.rest()[at + 1..].starts_with(char::is_whitespace),
                    _ => self.rest()[at..].starts_with(" #"),
                };
                let end = self.rest().char_indices().find(|&found| end(found)).map(|(at, _)| at);
                Ok(Node::Text(
                    self.plain_until(end.map_or(self.text.len(), |end| self.at + end)),
                ))
            }
        };
        self.depth -= 1;
        node
    }

    fn flow_list(&mut self) -> Result<Node, Unreadable> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip(true);
            if self.ends(']')? {
                return Ok(Node::List(items));
            }
            items.push(self.flow()?);
            self.comma(']')?;
        }
    }

    fn flow_map(&mut self) -> Result<Node, Unreadable> {
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.skip(true);
            if self.ends('}')? {
                return Ok(Node::Map(entries));
            }
            let Node::Text(key) = self.flow()? else {
                return Err(self.fail("expected a key, which is a text"));
            };
            self.skip(true);
            let value = if self.next() == Some(':') {
                self.at += 1;
                self.skip(true);
                match self.next() {
                    Some(',' | '}') => Node::Nothing,
                    _ => self.flow()?,
                }
            } else {
                Node::Nothing
            };
            entries.push((key, value));
            self.comma('}')?;
        }
    }

    fn ends(&mut self, end: char) -> Result<bool, Unreadable> {
        match self.next() {
            Some(next) if next == end => {
                self.at += 1;
                Ok(true)
            }
            Some(',' | ']' | '}') | None => {
                Err(self.fail("expected a value, or the bracket that closes this list or map"))
            }
            _ => Ok(false),
        }
    }

    fn comma(&mut self, end: char) -> Result<(), Unreadable> {
        self.skip(true);
        match self.next() {
            Some(',') => self.at += 1,
            Some(next) if next == end => {}
            _ => return Err(self.fail("expected `,`, or the bracket that closes this list or map")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, read};

    /// As JSON, for short.
    fn shown(node: &Node) -> String {
        match node {
            Node::Nothing => "null".to_owned(),
            Node::Text(text) => format!("{:?}", text.text),
            Node::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
            Node::Map(entries) => {
                let entry = |(key, value): &(super::Text, Node)| format!("{:?}:{}", key.text, shown(value));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn the_styles_say_the_same() {
        let expected = r#"{"groups":[{"name":"a: b","rules":[{"alert":"A","expr":"x >\n 1","labels":{"b":"c"}},{"record":"r:x"}]}]}"#;
        for text in [
            "groups:\n- name: 'a: b' # why\n  rules:\n  - alert: A\n    expr: |\n      x >\n       1\n    labels: {b: c}\n  - record: r:x\n",
            "---\n# all\ngroups:\n  -\n    name: \"a: b\"\n    rules:\n      - {alert: A, expr: \"x >\\n 1\", labels: {b: c}}\n      - record: 'r:x'\n",
            "{\"groups\":[{\"name\":\"a: b\",\"rules\":[{\"alert\":\"A\",\"expr\":\"x >\\n 1\",\"labels\":{\"b\":\"c\"}},\n{\"record\":\"r:x\"}]}]}",
        ] {
            let node = read(text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
            assert_eq!(shown(&node), expected, "{text}");
        }
    }

    #[test]
    fn texts_are_what_they_are() {
        for (text, expected) in [
            ("a: b c\n  d\n", r#"{"a":"b c d"}"#),
            ("a: b\n  - c\nd: e", r#"{"a":"b - c","d":"e"}"#),
            ("a: >-\n  b\n  c\n    d\n  e", r#"{"a":"b c\n  d\ne"}"#),
            ("a: 'it''s'\nb: \"x\\u0041\\\"\"", r#"{"a":"it's","b":"xA\""}"#),
            ("a:\nb: >-\n    c\n\n    d\ne: f", r#"{"a":null,"b":"c\n\nd","e":"f"}"#),
            ("a: x#y # z", r#"{"a":"x#y"}"#),
            ("a: http://b", r#"{"a":"http://b"}"#),
            ("[a, [b,], {c: d, e}]", r#"["a",["b"],{"c":"d","e":null}]"#),
            ("a: !!str &b c", r#"{"a":"c"}"#),
            ("a: \"b\n   c\"", r#"{"a":"b c"}"#),
        ] {
            assert_eq!(shown(&read(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        for (text, at, message) in [
            ("a: [b", 5, "expected `,`"),
            ("a: 'b", 3, "has no end"),
            ("a: *b", 3, "aliases"),
            ("a: b\n c: d\n", 6, "the end of the file"),
            (&"[".repeat(200), 99, "too deep"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.at == at && error.message.contains(message), "{text}: {error:?}");
        }
    }

    #[test]
    fn no_file_is_too_strange() {
        let text = "groups:\n- name: 'a'\n  rules:\n  - {alert: A, expr: \"x > 1\"}\n  - expr: |\n      y\n";
        let mut state = 1_u64;
        let mut random = |limit: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % limit
        };
        for _ in 0..20_000 {
            let mut text = text.to_owned();
            for _ in 0..3 {
                let at = text.floor_char_boundary(random(text.len() + 1));
                match random(3) {
                    0 => text.truncate(at),
                    1 => text.insert_str(
                        at,
                        ["\n", "- ", ": ", "{", "]", "'", "\"", "é", "|", "#", "  ", "\\u"][random(12)],
                    ),
                    _ => text = text[at..].to_owned() + &text[..at],
                }
            }
            if let Err(error) = read(&text) {
                assert!(text.is_char_boundary(error.at), "{text:?}");
            }
        }
    }
}
