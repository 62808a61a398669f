//! Lines that are alike but for a few characters, written fast.
//!
//! A scrape is the same pieces over and over: names, labels, bounds. A piece begins with a block of a fixed size, which is
//! copied whole, a little too far, into room that is there already: such a copy is a few instructions in place, where one
//! of exactly so many bytes is a call.

/// The largest block there is: as much room as a copy may take too much.
const LARGEST_BLOCK: usize = 64;

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
        let needed = self.len + bytes + LARGEST_BLOCK;
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

    /// How much is written.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What is written from a place on.
    pub(super) fn written(&self, from: usize) -> &[u8] {
        &self.bytes[from..self.len]
    }

    /// Takes back what is written from a place on.
    pub(super) fn take_back(&mut self, from: usize) {
        self.len = from;
    }

    /// Writes a piece. There must be room for it.
    #[inline]
    pub(super) fn put<const BLOCK: usize>(&mut self, piece: Piece<'_, BLOCK>) {
        self.bytes[self.len..self.len + BLOCK].copy_from_slice(piece.block);
        if piece.len > BLOCK {
            self.put_rest(piece);
        }
        self.len += piece.len;
    }

    #[cold]
    fn put_rest<const BLOCK: usize>(&mut self, piece: Piece<'_, BLOCK>) {
        self.bytes[self.len + BLOCK..self.len + piece.len].copy_from_slice(piece.rest);
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
pub(super) struct Piece<'a, const BLOCK: usize> {
    /// The beginning, and bytes of no meaning where it is all.
    block: &'a [u8; BLOCK],
    /// What does not fit the block.
    rest: &'a [u8],
    len: usize,
}

impl<const BLOCK: usize> Piece<'_, BLOCK> {
    pub(super) fn len(self) -> usize {
        self.len
    }
}

/// Pieces of one kind, such as the bounds of a histogram; most should fit a block.
#[derive(Debug, Default)]
pub(super) struct Pieces<const BLOCK: usize> {
    slots: Vec<Slot<BLOCK>>,
    rests: Vec<u8>,
    longest: usize,
}

#[derive(Debug)]
struct Slot<const BLOCK: usize> {
    block: [u8; BLOCK],
    len: usize,
    /// Where the rest ends among the rests.
    rest_end: usize,
}

impl<const BLOCK: usize> Pieces<BLOCK> {
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.rests.clear();
        self.longest = 0;
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        const { assert!(BLOCK <= LARGEST_BLOCK) };
        let (beginning, rest) = bytes.split_at(bytes.len().min(BLOCK));
        let mut block = [b' '; BLOCK];
        block[..beginning.len()].copy_from_slice(beginning);
        self.rests.extend_from_slice(rest);
        self.slots.push(Slot {
            block,
            len: bytes.len(),
            rest_end: self.rests.len(),
        });
        self.longest = self.longest.max(bytes.len());
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = Piece<'_, BLOCK>> {
        self.slots.iter().map(|slot| self.piece(slot))
    }

    /// The pieces, of which there are `N`.
    pub(super) fn all<const N: usize>(&self) -> Option<[Piece<'_, BLOCK>; N]> {
        let slots: &[Slot<BLOCK>; N] = self.slots.as_slice().try_into().ok()?;
        Some(slots.each_ref().map(|slot| self.piece(slot)))
    }

    #[inline]
    fn piece<'a>(&'a self, slot: &'a Slot<BLOCK>) -> Piece<'a, BLOCK> {
        let rest = if slot.len > BLOCK {
            &self.rests[slot.rest_end - (slot.len - BLOCK)..slot.rest_end]
        } else {
            &[]
        };
        Piece {
            block: &slot.block,
            rest,
            len: slot.len,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_length_are_written_as_they_are() {
        let bytes: Vec<u8> = (0..200).map(|n| b'a' + n % 26).collect();
        for len in 0..bytes.len() {
            let mut pieces = Pieces::<32>::default();
            pieces.push(&bytes[..len]);
            pieces.push(b"|");
            pieces.push(&bytes[len..]);
            let mut page = Page::default();
            for piece in pieces.iter().chain(pieces.all::<3>().unwrap()) {
                page.reserve(piece.len());
                page.put(piece);
            }
            let once = [&bytes[..len], b"|", &bytes[len..]].concat();
            assert_eq!(page.finish(), [&*once, &*once].concat());
            assert_eq!(pieces.longest(), len.max(bytes.len() - len));
            assert!(pieces.all::<2>().is_none());
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
