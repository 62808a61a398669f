//! Regular expressions as constants, so that a `const fn` can match them.

use super::Node;
use super::class::Class;

/// A step of a [`Regex`](crate::Regex) as [`Regex::program`](crate::Regex::program) makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// One of these characters.
    Character {
        /// Which of ASCII: a bit for each.
        ascii: u128,
        /// Whether all others.
        others: bool,
    },
    /// Go on at both.
    Split(u8, u8),
    /// Go on there.
    Jump(u8),
    /// Only at the beginning of the value.
    Start,
    /// Only at its end.
    End,
    /// All has been matched.
    Match,
}

/// As many as a set of places has bits.
const MOST: usize = 128;

/// Whether the whole of `value` matches. A constant can ask.
///
/// ```
/// use enumetrics_promql::{Regex, matches};
///
/// let program = Regex::new("5..|429")?.program().unwrap();
/// assert!(matches(&program, "503"));
/// assert!(!matches(&program, "5030"));
/// # Ok::<(), enumetrics_promql::InvalidRegex>(())
/// ```
#[must_use]
pub const fn matches(program: &[Instruction], value: &str) -> bool {
    let bytes = value.as_bytes();
    let mut places = reached(program, 1, 0, bytes.len());
    let mut at = 0;
    while at < bytes.len() && places != 0 {
        let byte = bytes[at];
        at += 1;
        // The other bytes of a character that is not ASCII.
        while at < bytes.len() && bytes[at] & 0xc0 == 0x80 {
            at += 1;
        }
        let mut next = 0;
        let mut rest = places;
        while rest != 0 {
            let place = rest.trailing_zeros();
            rest &= rest - 1;
            if let Instruction::Character { ascii, others } = program[place as usize] {
                let accepts = if byte < 128 { ascii >> byte & 1 == 1 } else { others };
                if accepts {
                    next |= 2 << place;
                }
            }
        }
        places = reached(program, next, at, bytes.len());
    }
    // The last instruction is the match.
    places >> (program.len() - 1) & 1 == 1
}

/// The places that are reached from these without a character.
const fn reached(program: &[Instruction], mut new: u128, at: usize, end: usize) -> u128 {
    let mut all = 0;
    while new != 0 {
        let place = new.trailing_zeros();
        all |= 1 << place;
        let next = match program[place as usize] {
            Instruction::Split(a, b) => 1 << a | 1 << b,
            Instruction::Jump(there) => 1 << there,
            Instruction::Start if at == 0 => 2 << place,
            Instruction::End if at == end => 2 << place,
            _ => 0,
        };
        new = (new | next) & !all;
    }
    all
}

/// `None` for what takes Unicode's tables, looks at lines or words, or is too long.
pub(super) fn compile(node: &Node) -> Option<Vec<Instruction>> {
    let mut program = Vec::new();
    add(node, &mut program)?;
    program.push(Instruction::Match);
    (program.len() <= MOST).then_some(program)
}

fn add(node: &Node, program: &mut Vec<Instruction>) -> Option<()> {
    if program.len() >= MOST {
        return None;
    }
    match node {
        Node::Literal {
            character,
            ignores_case,
        } => {
            if !character.is_ascii() {
                return None;
            }
            let mut ascii = 1 << u32::from(*character);
            if *ignores_case {
                ascii |= 1 << u32::from(character.to_ascii_lowercase());
                ascii |= 1 << u32::from(character.to_ascii_uppercase());
            }
            program.push(Instruction::Character { ascii, others: false });
        }
        Node::Class { class, ignores_case } => program.push(character(class, *ignores_case)?),
        Node::Any { newlines } => {
            let ascii = if *newlines { u128::MAX } else { !(1 << u32::from('\n')) };
            program.push(Instruction::Character { ascii, others: true });
        }
        Node::Start { of_line: false } => program.push(Instruction::Start),
        Node::End { of_line: false } => program.push(Instruction::End),
        Node::Start { .. } | Node::End { .. } | Node::WordBoundary(_) => return None,
        Node::Concat(nodes) => nodes.iter().try_for_each(|node| add(node, program))?,
        Node::Alternate(nodes) => alternate(nodes, program)?,
        Node::Repeat { node, least, most } => repeat(node, *least, *most, program)?,
    }
    Some(())
}

fn place(program: &[Instruction]) -> Option<u8> {
    u8::try_from(program.len()).ok()
}

fn alternate(nodes: &[Node], program: &mut Vec<Instruction>) -> Option<()> {
    let mut jumps = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        if at + 1 == nodes.len() {
            add(node, program)?;
            break;
        }
        let split = program.len();
        program.push(Instruction::Match);
        add(node, program)?;
        jumps.push(program.len());
        program.push(Instruction::Match);
        program[split] = Instruction::Split(u8::try_from(split + 1).ok()?, place(program)?);
    }
    let end = place(program)?;
    for jump in jumps {
        program[jump] = Instruction::Jump(end);
    }
    Some(())
}

fn repeat(node: &Node, least: u32, most: Option<u32>, program: &mut Vec<Instruction>) -> Option<()> {
    for _ in 0..least {
        add(node, program)?;
    }
    match most {
        None => {
            let split = program.len();
            program.push(Instruction::Match);
            add(node, program)?;
            program.push(Instruction::Jump(u8::try_from(split).ok()?));
            program[split] = Instruction::Split(u8::try_from(split + 1).ok()?, place(program)?);
        }
        Some(most) => {
            let mut splits = Vec::new();
            for _ in least..most {
                splits.push(program.len());
                program.push(Instruction::Match);
                add(node, program)?;
            }
            let end = place(program)?;
            for split in splits {
                program[split] = Instruction::Split(u8::try_from(split + 1).ok()?, end);
            }
        }
    }
    Some(())
}

fn character(class: &Class, ignores_case: bool) -> Option<Instruction> {
    // Beyond ASCII all are alike, or one has to look.
    let beyond = |&(first, last): &(u32, u32)| last >= 128 && !(first <= 128 && last == u32::from(char::MAX));
    if !class.unicode.is_empty() || class.ranges.iter().any(beyond) {
        return None;
    }
    let has_others = class.ranges.iter().any(|&(_, last)| last == u32::from(char::MAX));
    // (Three letters of ASCII have other forms beyond it.)
    if ignores_case && !has_others && class.ranges.iter().any(|&(first, last)| last > 127 || first > 127) {
        return None;
    }
    let mut ascii = 0;
    for code in 0..128_u8 {
        if class.contains(char::from(code), ignores_case)? {
            ascii |= 1 << code;
        }
    }
    Some(Instruction::Character {
        ascii,
        others: has_others != class.negated,
    })
}

#[cfg(test)]
mod tests {
    use super::matches;
    use crate::regex::Regex;

    /// The program says what the expression itself says.
    #[test]
    fn agrees_with_the_expression() {
        let values = [
            "",
            "5",
            "50",
            "503",
            "5030",
            "4xx",
            "a",
            "A",
            "ab",
            "abab",
            "a.b",
            "ä",
            "aä",
            "\n",
            "GET",
            "get",
            "/verify",
            "/sessions/{id}",
            "VERIFIED",
            "other",
        ];
        for pattern in [
            "",
            "5..",
            "5.*",
            "5.+",
            "a|b|ab",
            "(ab)*",
            "(ab)+",
            "(ab)?",
            "[45]xx",
            "[^4]..",
            "a{2}",
            "a{0,2}",
            "(ab){1,3}",
            "(?i)get|POST",
            "^5..$",
            "^a|b$",
            "a\\.b",
            ".",
            "..",
            "/.*",
            "\\w+",
            "\\D*",
            "(?:a|A)b?",
            "[[:alpha:]]+",
        ] {
            let regex = Regex::new(pattern).unwrap();
            let program = regex.program().unwrap_or_else(|| panic!("{pattern}"));
            for value in values {
                assert_eq!(
                    Some(matches(&program, value)),
                    regex.matches(value),
                    "{pattern} {value:?}"
                );
            }
        }
    }

    #[test]
    fn leaves_out_what_takes_tables_or_is_too_long() {
        for pattern in ["\\p{Greek}", "ä", "\\bx", "(?m)^x", "a{200}", "[à-ü]"] {
            assert_eq!(Regex::new(pattern).unwrap().program(), None, "{pattern}");
        }
    }
}
