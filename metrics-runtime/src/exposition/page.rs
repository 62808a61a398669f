//! Lines that are alike but for a few characters, written fast.
//!
//! A scrape is the same pieces over and over: names, labels, bounds. A piece is kept in blocks of a fixed size and copied
//! block by block, a little too far, into room that is there already: such a copy is a few instructions in place, where
//! one of exactly so many bytes is a call.

/// How much is copied at once.
const BLOCK: usize = 32;

/// Text that grows, with room behind it.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What is written, and behind it bytes of no meaning. They are kept from one scrape to the next, so that they need
    /// to be made once.
    bytes: Vec<u8>,
    len: usize,
}

impl Page {
    /// Writes over `bytes`.
    pub(super) fn begin(&mut self, bytes: Vec<u8>) {
        *self = Self { bytes, len: 0 };
    }

    /// The text without the room behind it.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.len = 0;
        std::mem::take(&mut self.bytes)
    }

    /// Makes room for what is written next, so many bytes at most, and a block.
    #[inline]
    pub(super) fn reserve(&mut self, bytes: usize) {
        let needed = self.len + bytes + BLOCK;
        if self.bytes.len() < needed {
            self.grow(needed);
        }
    }

    #[cold]
    fn grow(&mut self, needed: usize) {
        const STEP: usize = 4_096;
        let len = if needed + STEP <= self.bytes.capacity() {
            // Memory of an earlier scrape: no more of it is touched than this one needs.
            needed + STEP
        } else {
            needed.max(2 * self.bytes.len()).max(STEP)
        };
        self.bytes.resize(len, 0);
    }

    /// Writes bytes that are there once.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// Writes a piece. There must be room for it.
    #[inline]
    pub(super) fn put(&mut self, piece: Piece<'_>) {
        let mut at = self.len;
        for block in piece.blocks {
            self.bytes[at..at + BLOCK].copy_from_slice(block);
            at += BLOCK;
        }
        self.len += piece.len;
    }

    /// Writes one byte. There must be room for it.
    #[inline]
    pub(super) fn put_byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// Writes a number. There must be room for it.
    #[inline]
    pub(super) fn put_u64(&mut self, number: u64) {
        if number < 10 {
            self.put_byte(b'0' + number as u8);
            return;
        }
        let digits = digits_of(number);
        let place = &mut self.bytes[self.len..self.len + digits];
        let (mut rest, mut end) = (number, digits);
        while end >= 2 {
            let pair = 2 * (rest % 100) as usize;
            rest /= 100;
            place[end - 2..end].copy_from_slice(&PAIRS[pair..pair + 2]);
            end -= 2;
        }
        if end == 1 {
            place[0] = b'0' + rest as u8;
        }
        self.len += digits;
    }

    /// The longest value of a sample: `-2.2250738585072014e-308`, and some.
    pub(super) const LONGEST_VALUE: usize = 32;
}

/// How many digits a number that is not 0 has: its bits tell all but one (Hacker's Delight, section 11-4).
#[inline]
fn digits_of(number: u64) -> usize {
    // log₁₀ of 2 is about 1233/4096.
    let at_most = (((u64::BITS - number.leading_zeros()) * 1233) >> 12) as usize;
    at_most + usize::from(number >= POWERS_OF_TEN[at_most])
}

const POWERS_OF_TEN: [u64; 20] = {
    let mut powers = [1; 20];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = 10 * powers[at - 1];
        at += 1;
    }
    powers
};

/// `00`, `01`, … `99`.
const PAIRS: [u8; 200] = {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[2 * number] = b'0' + (number / 10) as u8;
        pairs[2 * number + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
};

/// A few bytes that are written often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    blocks: &'a [[u8; BLOCK]],
    len: usize,
}

impl Piece<'_> {
    const NOTHING: Self = Self { blocks: &[], len: 0 };

    pub(super) fn len(self) -> usize {
        self.len
    }
}

/// Pieces of one kind, such as the bounds of a histogram.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    blocks: Vec<[u8; BLOCK]>,
    /// For each piece where its blocks end, and how many bytes it has.
    ends: Vec<(usize, usize)>,
    /// The longest.
    longest: usize,
}

impl Pieces {
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.ends.clear();
        self.longest = 0;
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(BLOCK) {
            let mut block = [b' '; BLOCK];
            block[..chunk.len()].copy_from_slice(chunk);
            self.blocks.push(block);
        }
        self.ends.push((self.blocks.len(), bytes.len()));
        self.longest = self.longest.max(bytes.len());
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut start = 0;
        self.ends.iter().map(move |(end, len)| Piece {
            blocks: &self.blocks[std::mem::replace(&mut start, *end)..*end],
            len: *len,
        })
    }

    /// The only one.
    pub(super) fn first(&self) -> Piece<'_> {
        self.iter().next().unwrap_or(Piece::NOTHING)
    }

    /// The only two.
    pub(super) fn first_two(&self) -> [Piece<'_>; 2] {
        let mut pieces = self.iter();
        [(); 2].map(|()| pieces.next().unwrap_or(Piece::NOTHING))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_length_are_written_as_they_are() {
        let bytes: Vec<u8> = (0..200).map(|n| b'a' + n % 26).collect();
        for len in 0..bytes.len() {
            let mut pieces = Pieces::default();
            pieces.push(&bytes[..len]);
            pieces.push(b"|");
            let mut page = Page::default();
            for piece in pieces.iter().chain([pieces.first()]) {
                page.reserve(piece.len());
                page.put(piece);
            }
            let expected = [&bytes[..len], b"|", &bytes[..len]].concat();
            assert_eq!(page.finish(), expected);
            assert_eq!(pieces.longest(), len.max(1));
        }
    }

    #[test]
    fn numbers_of_every_length_are_written_as_std_writes_them() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        for number in powers.flat_map(|power| [power - 1, power, power + 1]).chain([u64::MAX]) {
            let mut page = Page::default();
            page.extend(b"x ");
            page.reserve(Page::LONGEST_VALUE);
            page.put_u64(number);
            assert_eq!(page.finish(), format!("x {number}").into_bytes());
        }
    }

    #[test]
    fn a_page_is_written_over_what_was_there() {
        let mut page = Page::default();
        page.extend(b"one and two");
        let bytes = page.finish();
        page.begin(bytes);
        page.extend(b"three");
        assert_eq!(page.finish(), b"three");
    }
}
