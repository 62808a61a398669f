//! No two families of a catalog may claim the same name.

use std::cmp::Ordering;

use super::equal;
use super::message::Message;
use crate::descriptor::{Descriptor, Kind};
use crate::label::Overflows;

/// A name that a struct of a catalog claims although it, or a struct before it, claims it already.
#[derive(Clone, Copy, Debug)]
pub struct Conflict {
    first: Claim,
    second: Claim,
}

/// For each struct of a catalog the first name that it may not claim.
///
/// A histogram `x` claims `x_bucket`, `x_sum`, `x_count` and `x_created` besides `x`, a summary the last three. `CLAIMS` is [`claims`] of the same structs:
/// the names are sorted once, not compared each with each.
#[must_use]
pub const fn conflicts<const CLAIMS: usize, const STRUCTS: usize>(
    structs: &[&'static [Descriptor]; STRUCTS],
) -> [Option<Conflict>; STRUCTS] {
    let claims = sorted_claims::<CLAIMS>(structs);
    let mut conflicts = [None; STRUCTS];
    let mut at = 1;
    while at < CLAIMS {
        let (first, second) = (claims[at - 1], claims[at]);
        if is_same(&first, &second) && conflicts[second.owner].is_none() {
            conflicts[second.owner] = Some(Conflict { first, second });
        }
        at += 1;
    }
    conflicts
}

/// A struct of a catalog must not claim a name that is taken.
#[track_caller]
pub const fn no_conflict(conflict: Option<Conflict>) {
    let Some(Conflict { first, second }) = conflict else {
        return;
    };
    let message = Message::new().text("`").text(second.name).text(second.suffix);
    let message = message.text("` is exported twice");
    let message = if !second.suffix.is_empty() {
        message
            .text(": the ")
            .text(second.kind.as_str())
            .text(" `")
            .text(second.name)
            .text("` and `")
            .text(first.name)
            .text("` both export it; rename one of them")
    } else if !first.suffix.is_empty() {
        message
            .text(": the ")
            .text(first.kind.as_str())
            .text(" `")
            .text(first.name)
            .text("` exports it too; rename one of them")
    } else if equal(second.name, Overflows::NAME) {
        message.text(": the catalog itself exports it, where a label is open; rename the other")
    } else if first.owner == second.owner {
        message.text(" by this struct; rename one of them")
    } else {
        message.text(
            ": by this struct and by one that stands before it in the catalog; rename one of them, or list the struct \
             once",
        )
    };
    panic!("{}", message.rule("name-duplicate").as_str());
}

/// How many names these structs claim.
#[must_use]
pub const fn claims(structs: &[&'static [Descriptor]]) -> usize {
    let mut count = 0;
    let mut at = 0;
    while at < structs.len() {
        let mut family = 0;
        while family < structs[at].len() {
            if !structs[at][family].is_repeated() {
                count += structs[at][family].kind.claimed_suffixes().len();
            }
            family += 1;
        }
        at += 1;
    }
    count
}

/// A name, in two parts, its hash, the kind of metric, and the position of the struct that claims it.
#[derive(Clone, Copy, Debug)]
struct Claim {
    hash: u64,
    name: &'static str,
    suffix: &'static str,
    kind: Kind,
    owner: usize,
}

/// All claims by the hash of their name, those of the same name by struct: the names of a program have long beginnings
/// in common, and the compiler's interpreter compares them byte by byte. (A heap sort, because it needs no memory.)
const fn sorted_claims<const N: usize>(structs: &[&'static [Descriptor]]) -> [Claim; N] {
    let none = Claim {
        hash: 0,
        name: "",
        suffix: "",
        kind: Kind::Gauge,
        owner: 0,
    };
    let mut claims = [none; N];
    let mut len = 0;
    let mut owner = 0;
    while owner < structs.len() {
        let mut family = 0;
        while family < structs[owner].len() {
            let descriptor = &structs[owner][family];
            let name_hash = fnv_1a(FNV_OFFSET, descriptor.name);
            // All instances of a struct are one family.
            let suffixes: &[&str] = match descriptor.is_repeated() {
                true => &[],
                false => descriptor.kind.claimed_suffixes(),
            };
            let mut suffix = 0;
            while suffix < suffixes.len() {
                claims[len] = Claim {
                    hash: fnv_1a(name_hash, suffixes[suffix]),
                    name: descriptor.name,
                    suffix: suffixes[suffix],
                    kind: descriptor.kind,
                    owner,
                };
                len += 1;
                suffix += 1;
            }
            family += 1;
        }
        owner += 1;
    }
    let mut root = N / 2;
    while root > 0 {
        root -= 1;
        sift_down(&mut claims, root, N);
    }
    let mut end = N;
    while end > 1 {
        end -= 1;
        claims.swap(0, end);
        sift_down(&mut claims, 0, end);
    }
    claims
}

const fn sift_down(claims: &mut [Claim], mut root: usize, end: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child >= end {
            return;
        }
        if child + 1 < end && is_before(&claims[child], &claims[child + 1]) {
            child += 1;
        }
        if !is_before(&claims[root], &claims[child]) {
            return;
        }
        claims.swap(root, child);
        root = child;
    }
}

/// Names of the same hash are all but always the same name; those that are not are told apart by their bytes.
const fn is_before(a: &Claim, b: &Claim) -> bool {
    if a.hash != b.hash {
        return a.hash < b.hash;
    }
    let order = compare(a, b);
    order.is_lt() || (order.is_eq() && a.owner < b.owner)
}

const fn is_same(a: &Claim, b: &Claim) -> bool {
    a.hash == b.hash && compare(a, b).is_eq()
}

/// The start of FNV-1a, 64 bits (<https://datatracker.ietf.org/doc/html/rfc9923>, section 5).
pub(crate) const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

pub(crate) const fn fnv_1a(mut hash: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

const fn compare(a: &Claim, b: &Claim) -> Ordering {
    let mut at = 0;
    loop {
        match (byte(a, at), byte(b, at)) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x < y => return Ordering::Less,
            (Some(x), Some(y)) if x > y => return Ordering::Greater,
            _ => at += 1,
        }
    }
}

/// The byte at a position of the whole name.
const fn byte(claim: &Claim, at: usize) -> Option<u8> {
    let (name, suffix) = (claim.name.as_bytes(), claim.suffix.as_bytes());
    if at < name.len() {
        Some(name[at])
    } else if at - name.len() < suffix.len() {
        Some(suffix[at - name.len()])
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families(names: &[&'static str], kind: Kind) -> &'static [Descriptor] {
        let families: Vec<_> = names.iter().map(|name| Descriptor::new(name, "", kind, &[])).collect();
        families.leak()
    }

    fn conflict(structs: [&'static [Descriptor]; 2]) -> [Option<String>; 2] {
        // As many claims as all structs here have.
        assert_eq!(claims(&structs), 6);
        conflicts::<6, 2>(&structs)
            .map(|conflict| conflict.map(|conflict| format!("{}{}", conflict.second.name, conflict.second.suffix)))
    }

    #[test]
    fn a_name_is_claimed_once() {
        let histogram = families(&["x"], Kind::Histogram);
        assert_eq!(conflict([histogram, families(&["y"], Kind::Gauge)]), [None, None]);
        for taken in ["x", "x_bucket", "x_sum", "x_count", "x_created"] {
            let taken = families(&[taken], Kind::Gauge);
            assert_eq!(conflict([histogram, taken]), [None, Some(taken[0].name.to_owned())]);
        }
        let summary = families(&["x", "y"], Kind::Summary);
        for taken in ["x", "x_sum", "y_count", "y_created"] {
            let taken = families(&[taken], Kind::Gauge);
            assert_eq!(claims(&[summary, taken]), 9);
            let conflicts = conflicts::<9, 2>(&[summary, taken]);
            assert_eq!(conflicts[1].map(|conflict| conflict.second.name), Some(taken[0].name));
        }
        let four = families(&["a", "b", "a", "d"], Kind::Gauge);
        let two = families(&["c", "b"], Kind::Gauge);
        assert_eq!(conflict([four, two]), [Some("a".to_owned()), Some("b".to_owned())]);
    }
}
