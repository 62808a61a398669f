//! Which values match.
//!
//! From the set of places where a part may begin follows the set of places where it may end: no backtracking, so no
//! pattern is slow on the short values that labels have.

use super::Node;
use super::class::fold;

/// `None` where Unicode's tables are needed.
pub(super) fn matches(node: &Node, value: &str) -> Option<bool> {
    let text: Vec<char> = value.chars().collect();
    let mut starts = vec![false; text.len() + 1];
    starts[0] = true;
    let ends = Matcher { text }.ends(node, &starts)?;
    ends.last().copied()
}

struct Matcher {
    text: Vec<char>,
}

impl Matcher {
    fn ends(&self, node: &Node, starts: &[bool]) -> Option<Vec<bool>> {
        match node {
            Node::Literal {
                character,
                ignores_case,
            } => self.one(starts, &|found| {
                Some(found == *character || (*ignores_case && fold(found) == fold(*character)))
            }),
            Node::Class { class, ignores_case } => self.one(starts, &|found| class.contains(found, *ignores_case)),
            Node::Any { newlines } => self.one(starts, &|found| Some(*newlines || found != '\n')),
            Node::Start { of_line } => {
                Some(self.where_(starts, &|at| at == 0 || (*of_line && self.text[at - 1] == '\n')))
            }
            Node::End { of_line } => Some(self.where_(starts, &|at| match self.text.get(at) {
                None => true,
                Some(&next) => *of_line && next == '\n',
            })),
            Node::WordBoundary(wanted) => Some(self.where_(starts, &|at| self.is_boundary(at) == *wanted)),
            Node::Concat(nodes) => {
                let mut places = starts.to_vec();
                for node in nodes {
                    places = self.ends(node, &places)?;
                }
                Some(places)
            }
            Node::Alternate(nodes) => {
                let mut places = vec![false; starts.len()];
                for node in nodes {
                    add(&mut places, &self.ends(node, starts)?);
                }
                Some(places)
            }
            Node::Repeat { node, least, most } => self.repeat(node, *least, *most, starts),
        }
    }

    fn repeat(&self, node: &Node, least: u32, most: Option<u32>, starts: &[bool]) -> Option<Vec<bool>> {
        let mut places = starts.to_vec();
        for _ in 0..least {
            places = self.ends(node, &places)?;
        }
        let mut reached = places.clone();
        let more = most.map_or(u32::MAX, |most| most - least.min(most));
        for _ in 0..more {
            places = self.ends(node, &places)?;
            if !add(&mut reached, &places) {
                break;
            }
        }
        Some(reached)
    }

    fn one(&self, starts: &[bool], accepts: &dyn Fn(char) -> Option<bool>) -> Option<Vec<bool>> {
        let mut ends = vec![false; starts.len()];
        for (at, &found) in self.text.iter().enumerate() {
            if starts[at] {
                ends[at + 1] = accepts(found)?;
            }
        }
        Some(ends)
    }

    fn where_(&self, starts: &[bool], holds: &dyn Fn(usize) -> bool) -> Vec<bool> {
        let mut places = starts.to_vec();
        for (at, place) in places.iter_mut().enumerate() {
            *place = *place && holds(at);
        }
        places
    }

    /// Go's words are ASCII.
    fn is_boundary(&self, at: usize) -> bool {
        let is_word = |at: Option<usize>| {
            let character = at.and_then(|at| self.text.get(at));
            character.is_some_and(|&character| character == '_' || character.is_ascii_alphanumeric())
        };
        is_word(at.checked_sub(1)) != is_word(Some(at))
    }
}

/// Whether anything was new.
fn add(places: &mut [bool], more: &[bool]) -> bool {
    let mut grew = false;
    for (place, &other) in places.iter_mut().zip(more) {
        grew |= other && !*place;
        *place |= other;
    }
    grew
}
