//! The word that was probably meant.

/// The candidate with the fewest edits from `word`, if it is near enough to have been meant: at most one edit for
/// every three characters.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let most = if word.len() <= 3 { 1 } else { word.len() / 3 };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let edits = distance(word.as_bytes(), candidate.as_bytes());
        // Of several the one that begins most alike: `rat` is `rate` rather than `rad`.
        let is_nearer = best.is_none_or(|(fewest, other)| {
            edits < fewest || edits == fewest && common_start(&word, candidate) > common_start(&word, other)
        });
        if edits <= most && is_nearer {
            best = Some((edits, candidate));
        }
    }
    Some(best?.1)
}

fn common_start(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment).
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for row in 1..=a.len() {
        let mut current = vec![row];
        for column in 1..=b.len() {
            let same = a[row - 1] == b[column - 1];
            let mut fewest = (last[column - 1] + usize::from(!same))
                .min(last[column] + 1)
                .min(current[column - 1] + 1);
            if row > 1 && column > 1 && a[row - 1] == b[column - 2] && a[row - 2] == b[column - 1] {
                let swapped: &Vec<usize> = &before_last;
                fewest = fewest.min(swapped[column - 2] + 1);
            }
            current.push(fewest);
        }
        before_last = last;
        last = current;
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn counts_edits() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("rate", "rate", 0),
            ("raet", "rate", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), edits, "{a} {b}");
        }
    }

    #[test]
    fn suggests_what_is_near() {
        let names = ["irate", "rad", "rate", "histogram_quantile"];
        assert_eq!(nearest("rat", &names), Some("rate"));
        assert_eq!(nearest("Raet", &names), Some("rate"));
        assert_eq!(nearest("histogram_quantil", &names), Some("histogram_quantile"));
        assert_eq!(nearest("deriv", &names), None);
    }
}
