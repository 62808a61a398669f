//! The word that was probably meant.

/// Longer words are not compared: nobody needs a suggestion for them, and a constant has no heap.
const LONGEST: usize = 64;

/// The candidate with the fewest edits from `word`, if it is near enough to have been meant: at most one edit for
/// every three characters.
pub(crate) const fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let mut best = None;
    let mut fewest = if word.len() <= 3 { 2 } else { word.len() / 3 + 1 };
    let mut at = 0;
    while at < candidates.len() {
        let edits = distance(word.as_bytes(), candidates[at].as_bytes());
        if edits < fewest {
            fewest = edits;
            best = Some(candidates[at]);
        }
        at += 1;
    }
    best
}

/// How many edits it takes from one word to the other.
#[cfg(feature = "rules")]
pub(super) const fn edits(a: &str, b: &str) -> usize {
    distance(a.as_bytes(), b.as_bytes())
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment),
/// without regard to case.
const fn distance(a: &[u8], b: &[u8]) -> usize {
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    let mut before_last = [0_usize; LONGEST + 1];
    let mut last = [0_usize; LONGEST + 1];
    let mut column = 0;
    while column <= b.len() {
        last[column] = column;
        column += 1;
    }
    let mut row = 1;
    while row <= a.len() {
        let mut current = [0_usize; LONGEST + 1];
        current[0] = row;
        let mut column = 1;
        while column <= b.len() {
            let same = a[row - 1].eq_ignore_ascii_case(&b[column - 1]);
            let mut fewest = last[column - 1] + !same as usize;
            fewest = min(fewest, last[column] + 1);
            fewest = min(fewest, current[column - 1] + 1);
            if row > 1
                && column > 1
                && a[row - 1].eq_ignore_ascii_case(&b[column - 2])
                && a[row - 2].eq_ignore_ascii_case(&b[column - 1])
            {
                fewest = min(fewest, before_last[column - 2] + 1);
            }
            current[column] = fewest;
            column += 1;
        }
        before_last = last;
        last = current;
        row += 1;
    }
    last[b.len()]
}

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn counts_edits() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("ocr", "ocr", 0),
            ("orc", "ocr", 1),
            ("kitten", "sitting", 3),
            ("VERIFIED", "verified", 0),
        ] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), edits, "{a} {b}");
            assert_eq!(distance(b.as_bytes(), a.as_bytes()), edits, "{b} {a}");
        }
    }

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let values = ["liveness", "ocr", "face_match"];
        assert_eq!(nearest("orc", &values), Some("ocr"));
        assert_eq!(nearest("livenes", &values), Some("liveness"));
        assert_eq!(nearest("face-match", &values), Some("face_match"));
        assert_eq!(nearest("decision", &values), None);
        assert_eq!(nearest("x", &values), None);
        assert_eq!(nearest(&"x".repeat(100), &values), None);
    }
}
