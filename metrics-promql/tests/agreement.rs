//! Real Prometheus servers judge the expressions in `tests/expressions`: they accept what we accept, and make the same
//! tree of what we print.

mod support;

use enumetrics_promql::{Flag, Version, parse};
use support::{Server, expressions};

#[test]
fn current_prometheus_agrees() {
    let flags = Flag::ALL.map(Flag::as_str).join(",");
    let server = Server::start("current", &flags);
    let mut wrong = Vec::new();
    for text in expressions("accepted.promql") {
        let tree = server.parse(&text);
        let expr = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let same =
            tree.is_ok() && server.parse(&expr.to_string()) == tree && server.parse(&expr.pretty().to_string()) == tree;
        if !same {
            wrong.push(format!(
                "{text}: {tree:?}, but {expr}: {:?}",
                server.parse(&expr.to_string())
            ));
        }
    }
    for text in expressions("refused.promql") {
        if let Ok(tree) = server.parse(&text) {
            wrong.push(format!("{text} is {tree}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn current_prometheus_wants_the_flags_that_we_name() {
    let server = Server::start("current", "");
    let mut wrong = Vec::new();
    for text in expressions("accepted.promql") {
        let expr = parse(&text).unwrap();
        if server.parse(&text).is_ok() != expr.needs_flags().is_empty() {
            wrong.push(text);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn stable_prometheus_understands_what_we_call_old() {
    let server = Server::start("stable", "");
    let mut wrong = Vec::new();
    // The Go that 2.42 is built with knows less of regular expressions.
    let newer_regex = |text: &str| text.contains("(?<name>") || text.contains("\\\\Qa\"");
    // What the tree does not show is not known of a text, but of what is printed.
    for text in expressions("accepted.promql")
        .into_iter()
        .filter(|text| !newer_regex(text))
    {
        let expr = parse(&text).unwrap();
        let old = expr.minimum_version() == Version::OLDEST && expr.needs_flags().is_empty();
        let answer = server.format(&expr.to_string());
        if answer.is_ok() != old {
            wrong.push(format!("{text}, printed {expr}: {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is one to three edits away from an expression is accepted or refused alike, and what is printed is the same tree.
///
/// `ORACLE_MUTANTS` and `ORACLE_EXPRESSIONS`, a file with an expression in the last column of each line, are for longer
/// runs by hand.
#[test]
fn current_prometheus_judges_mutants_alike() {
    let variable = |name: &str| std::env::var(name).ok();
    let seeds = match variable("ORACLE_EXPRESSIONS") {
        None => expressions("accepted.promql"),
        Some(path) => {
            let table = std::fs::read_to_string(path).unwrap();
            let last = table.lines().filter_map(|line| line.rsplit('\t').next());
            last.map(|text| text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\"))
                .collect()
        }
    };
    let count = variable("ORACLE_MUTANTS").map_or(2000, |count| count.parse().unwrap());
    let flags = Flag::ALL.map(Flag::as_str).join(",");
    let server = Server::start("current", &flags);
    let mut mutator = Mutator::new(&seeds);
    let mut wrong = Vec::new();
    let mut accepted = 0;
    for _ in 0..count {
        let text = mutator.mutant();
        let theirs = server.parse(&text);
        match parse(&text) {
            Ok(expr) => {
                accepted += 1;
                if theirs.is_err() || server.parse(&expr.to_string()) != theirs {
                    wrong.push(format!("{text:?} is {expr}, but {theirs:?}"));
                }
            }
            // Our own limit.
            Err(error) if error.message().contains("more than") => {}
            Err(error) if theirs.is_ok() => wrong.push(format!("{text:?}: {error}, but {theirs:?}")),
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        accepted > count / 20 && accepted < count,
        "{accepted} of {count} are accepted: that tries little"
    );
}

/// Makes expressions that are nearly right.
struct Mutator {
    /// Each as words.
    seeds: Vec<Vec<String>>,
    random: u64,
}

impl Mutator {
    fn new(seeds: &[String]) -> Self {
        Self {
            seeds: seeds.iter().map(|text| words(text)).collect(),
            random: 0x9E37_79B9_7F4A_7C15,
        }
    }

    /// Pseudo-random numbers (xorshift), the same each time.
    fn below(&mut self, limit: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % limit.max(1) as u64) as usize
    }

    /// A word of any expression.
    fn word(&mut self) -> String {
        let seed = self.below(self.seeds.len());
        let at = self.below(self.seeds[seed].len());
        self.seeds[seed].get(at).cloned().unwrap_or_default()
    }

    fn mutant(&mut self) -> String {
        let seed = self.below(self.seeds.len());
        let mut words = self.seeds[seed].clone();
        for _ in 0..=self.below(3) {
            let at = self.below(words.len());
            let other = self.below(words.len());
            match self.below(7) {
                0 if words.len() > 1 => _ = words.remove(at),
                1 => words.insert(at, self.word()),
                2 if !words.is_empty() => words[at] = self.word(),
                3 if !words.is_empty() => words.swap(at, other),
                4 if !words.is_empty() => words.insert(other, words[at].clone()),
                5 if !words.is_empty() => {
                    let mut characters: Vec<char> = words[at].chars().collect();
                    characters.remove(self.below(characters.len()));
                    words[at] = characters.into_iter().collect();
                    words.retain(|word| !word.is_empty());
                }
                _ => {
                    const ODD: [&str; 24] = [
                        "(", ")", "{", "}", "[", "]", ",", "-", "+", "^", "==", "=~", "0", "1e3", "5m", "\"", "'a'",
                        "bool", "on", "by ()", "offset", "@", ":", "#",
                    ];
                    let odd = self.below(ODD.len());
                    words.insert(at, ODD[odd].to_owned());
                }
            }
        }
        words.concat()
    }
}

/// Words, strings, spaces and signs.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.');
        let end = match first {
            c if is_word(c) => rest.find(|c| !is_word(c)),
            c if c.is_whitespace() => rest.find(|c: char| !c.is_whitespace()),
            '"' | '\'' | '`' => rest[1..].find(first).map(|end| end + 2),
            c => Some(c.len_utf8()),
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(word.to_owned());
        rest = after;
    }
    words
}
