//! The two sides of something.

/// The same of both. (The `map` of arrays is compiled to four hundred lines, each time.)
pub(crate) fn both<A, B>([first, second]: [A; 2], mut of: impl FnMut(A) -> B) -> [B; 2] {
    [of(first), of(second)]
}
