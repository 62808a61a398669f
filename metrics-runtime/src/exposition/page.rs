//! Lines that are alike but for a few characters, written fast.
//!
//! A scrape is the same pieces over and over: names, labels, bounds. A piece begins with a block of a fixed size, which is
//! copied whole, a little too far, into room that is there already: such a copy is a few instructions in place, where one
//! of exactly so many bytes is a call.

use super::number::{EXACT_IN_F64, with_f64};

/// The largest block there is: as much room as a copy may take too much.
const LARGEST_BLOCK: usize = 128;

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

    /// How much is written.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Makes room for what is written next, so many bytes at most, and a block.
    #[inline]
    fn reserve(&mut self, bytes: usize) {
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
            needed.next_power_of_two().max(STEP)
        };
        self.bytes.resize(len, 0);
    }

    /// Writes bytes that are there once.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// Makes room for some lines, so many bytes at most, and lets `write` write them.
    #[inline]
    pub(super) fn write(&mut self, bytes: usize, write: impl FnOnce(&mut Room<'_>)) {
        self.reserve(bytes);
        let mut room = Room {
            place: &mut self.bytes[self.len..],
            len: 0,
        };
        write(&mut room);
        self.len += room.len;
    }
}

/// Room for lines. So many bytes were asked for: writing more is a mistake of the caller's.
pub(super) struct Room<'a> {
    place: &'a mut [u8],
    len: usize,
}

impl Room<'_> {
    /// The longest value of a sample: `-2.2250738585072014e-308`, and some.
    pub(super) const LONGEST_VALUE: usize = 32;

    #[inline]
    pub(super) fn put<const BLOCK: usize>(&mut self, piece: Piece<'_, BLOCK>) {
        let mut at = self.len;
        self.place[at..at + BLOCK].copy_from_slice(piece.block);
        for block in piece.rest {
            at += BLOCK;
            self.place[at..at + BLOCK].copy_from_slice(block);
        }
        self.len += piece.len;
    }

    /// A piece that is no longer than its block.
    #[inline]
    pub(super) fn put_short<const BLOCK: usize>(&mut self, piece: &Short<BLOCK>) {
        self.place[self.len..self.len + BLOCK].copy_from_slice(&piece.block);
        self.len += piece.len;
    }

    #[inline]
    pub(super) fn put_byte(&mut self, byte: u8) {
        self.place[self.len] = byte;
        self.len += 1;
    }

    #[inline]
    pub(super) fn put_u64(&mut self, number: u64) {
        if number < 10 {
            self.put_byte(b'0' + number as u8);
        } else {
            self.len += write_digits(&mut self.place[self.len..], number);
        }
    }

    #[inline]
    pub(super) fn put_i64(&mut self, number: i64) {
        if number < 0 {
            self.put_byte(b'-');
        }
        self.put_u64(number.unsigned_abs());
    }

    /// Writes a number as a sample's value (see [`write_f64`](super::number::write_f64)).
    #[inline]
    pub(super) fn put_f64(&mut self, number: f64) {
        // Most sums and sizes are whole: those need no search for the shortest digits. The bits leave out -0.0.
        let whole = number as u64;
        if whole < EXACT_IN_F64 && (whole as f64).to_bits() == number.to_bits() {
            self.put_u64(whole);
        } else {
            self.len += write_float(&mut self.place[self.len..], number);
        }
    }
}

/// Writes the digits of a number from 10 on, and says how many.
#[inline(never)]
fn write_digits(place: &mut [u8], number: u64) -> usize {
    let digits = digits_of(number);
    let place = &mut place[..digits];
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
    digits
}

#[inline(never)]
fn write_float(place: &mut [u8], number: f64) -> usize {
    with_f64(number, |text| {
        place[..text.len()].copy_from_slice(text);
        text.len()
    })
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

/// A few bytes that are written often: whole blocks, of which the last may hold bytes of no meaning behind the piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a, const BLOCK: usize> {
    block: &'a [u8; BLOCK],
    /// What does not fit the first block.
    rest: &'a [[u8; BLOCK]],
    len: usize,
}

impl<'a, const BLOCK: usize> Piece<'a, BLOCK> {
    /// All of `bytes`, which are filled up to whole blocks. Cut them back before anything is appended.
    pub(super) fn of(bytes: &'a mut Vec<u8>) -> Self {
        let len = bytes.len();
        bytes.resize(len.next_multiple_of(BLOCK).max(BLOCK), b' ');
        let blocks = bytes.as_chunks().0;
        match blocks.split_first() {
            Some((block, rest)) => Self { block, rest, len },
            // There is a block: at least one was asked for.
            None => Self {
                block: &[b' '; BLOCK],
                rest: &[],
                len: 0,
            },
        }
    }

    pub(super) fn len(self) -> usize {
        self.len
    }
}

/// A piece that fits a block.
#[derive(Debug)]
pub(super) struct Short<const BLOCK: usize> {
    block: [u8; BLOCK],
    len: usize,
}

impl<const BLOCK: usize> Short<BLOCK> {
    /// The first `BLOCK` of these bytes, of which there should be no more.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let len = bytes.len().min(BLOCK);
        let mut block = [b' '; BLOCK];
        block[..len].copy_from_slice(&bytes[..len]);
        Self { block, len }
    }
}

/// Pieces of one kind, such as the bounds of a histogram; most should fit a block.
#[derive(Debug, Default)]
pub(super) struct Pieces<const BLOCK: usize> {
    slots: Vec<Slot<BLOCK>>,
    rests: Vec<[u8; BLOCK]>,
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

    /// Makes room for so many pieces.
    pub(super) fn reserve(&mut self, pieces: usize) {
        self.slots.reserve(pieces);
    }

    /// Appends a piece, and fills `bytes` up to whole blocks.
    pub(super) fn push(&mut self, bytes: &mut Vec<u8>) {
        const { assert!(BLOCK <= LARGEST_BLOCK) };
        let piece = Piece::of(bytes);
        self.rests.extend_from_slice(piece.rest);
        self.slots.push(Slot {
            block: *piece.block,
            len: piece.len,
            rest_end: self.rests.len(),
        });
        self.longest = self.longest.max(piece.len);
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = Piece<'_, BLOCK>> {
        self.slots.iter().map(|slot| Piece {
            block: &slot.block,
            rest: if slot.len > BLOCK {
                &self.rests[slot.rest_end - (slot.len - 1) / BLOCK..slot.rest_end]
            } else {
                &[]
            },
            len: slot.len,
        })
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
            pieces.push(&mut bytes[..len].to_vec());
            pieces.push(&mut b"|".to_vec());
            pieces.push(&mut bytes[len..].to_vec());
            let mut page = Page::default();
            for piece in pieces.iter().chain(pieces.iter()) {
                page.write(piece.len(), |room| room.put(piece));
            }
            let once = [&bytes[..len], b"|", &bytes[len..]].concat();
            assert_eq!(page.finish(), [&*once, &*once].concat());
            assert_eq!(pieces.longest(), len.max(bytes.len() - len));
        }
    }

    #[test]
    fn numbers_of_every_length_are_written_as_std_writes_them() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        for number in powers.flat_map(|power| [power - 1, power, power + 1]).chain([u64::MAX]) {
            let mut page = Page::default();
            page.extend(b"x ");
            page.write(Room::LONGEST_VALUE, |room| room.put_u64(number));
            assert_eq!(page.finish(), format!("x {number}").into_bytes());
            for number in [number as i64, (number as i64).wrapping_neg()] {
                page.write(Room::LONGEST_VALUE, |room| room.put_i64(number));
                assert_eq!(page.finish(), number.to_string().into_bytes());
            }
        }
    }

    #[test]
    fn floats_are_written_as_in_every_other_place() {
        for number in [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.1,
            12_345.0,
            9_007_199_254_740_991.0,
            9_007_199_254_740_992.0,
            1e16,
            1e300,
            -2.225_073_858_507_201_4e-308,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ] {
            let mut page = Page::default();
            page.write(Room::LONGEST_VALUE, |room| room.put_f64(number));
            let mut bytes = Vec::new();
            crate::exposition::number::write_f64(&mut bytes, number);
            assert_eq!(page.finish(), bytes);
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
