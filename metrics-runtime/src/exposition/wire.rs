//! Protocol Buffers, as far as a scrape needs them.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>.

/// How the bytes of a field are to be read.
#[derive(Clone, Copy)]
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Delimited = 2,
}

/// Appends a `uint64`, `uint32`, `int64` (which is cast) or enum.
pub(crate) fn uint(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, Wire::Varint);
    varint(out, value);
}

/// Appends a `sint64` or `sint32`.
pub(crate) fn sint(out: &mut Vec<u8>, field: u32, value: i64) {
    uint(out, field, zigzag(value));
}

/// Appends a `double`.
pub(crate) fn double(out: &mut Vec<u8>, field: u32, value: f64) {
    tag(out, field, Wire::Fixed64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a `string`, which comes in pieces.
pub(crate) fn string(out: &mut Vec<u8>, field: u32, pieces: &[&str]) {
    tag(out, field, Wire::Delimited);
    varint(out, pieces.iter().map(|piece| piece.len() as u64).sum());
    pieces.iter().for_each(|piece| out.extend_from_slice(piece.as_bytes()));
}

/// Appends one of several `sint64` that are packed, which are a message to those who count bytes.
pub(crate) fn packed_sint(out: &mut Vec<u8>, value: i64) {
    varint(out, zigzag(value));
}

/// Appends a message within a message.
pub(crate) fn message(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    tag(out, field, Wire::Delimited);
    delimited(out, write);
}

/// Appends a message, its length first.
pub(crate) fn delimited(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    let end = out.len();
    // The length is written behind the message, and both change places.
    varint(out, (end - start) as u64);
    let length = out.len() - end;
    out[start..].rotate_right(length);
}

fn tag(out: &mut Vec<u8>, field: u32, wire: Wire) {
    varint(out, u64::from(field << 3) | wire as u64);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small numbers of either sign as small numbers.
const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = b"before".to_vec();
        write(&mut out);
        out.split_off(6)
    }

    #[test]
    fn the_examples_of_the_documentation() {
        assert_eq!(written(|out| uint(out, 1, 150)), [0x08, 0x96, 0x01]);
        assert_eq!(
            written(|out| string(out, 2, &["test", "ing"])),
            [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]
        );
        assert_eq!(
            written(|out| message(out, 3, |out| uint(out, 1, 150))),
            [0x1a, 0x03, 0x08, 0x96, 0x01]
        );
        assert_eq!(
            written(|out| uint(out, 1, (-2_i64).cast_unsigned()))[1..],
            [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]
        );
        for (value, encoded) in [
            (0, 0),
            (-1, 1),
            (1, 2),
            (-2, 3),
            (0x7fff_ffff, 0xffff_fffe),
            (-0x8000_0000, 0xffff_ffff),
        ] {
            assert_eq!(zigzag(value), encoded, "{value}");
        }
        assert_eq!(zigzag(i64::MIN), u64::MAX);
        assert_eq!(written(|out| double(out, 1, 1.0)), [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    }

    #[test]
    fn a_message_of_any_length_follows_its_length() {
        for length in [0, 1, 127, 128, 129, 16_383, 16_384, 100_000] {
            let content: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let message = written(|out| delimited(out, |out| out.extend_from_slice(&content)));
            let prefix = written(|out| varint(out, length as u64));
            assert_eq!(message, [prefix, content].concat(), "{length}");
        }
    }
}
