//! Text built while compiling: what a check says when it fails.

/// A text of bounded length, made in a constant. What does not fit is cut and ends in `…`.
#[allow(
    missing_debug_implementations,
    unreachable_pub,
    reason = "hidden: only checks make one, and those of the feature `rules` hand it on"
)]
#[derive(Clone, Copy)]
pub struct Message {
    bytes: [u8; Message::CAPACITY],
    len: usize,
    cut: bool,
}

impl Message {
    const CAPACITY: usize = 1024;
    const ELLIPSIS: &'static str = "…";

    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            len: 0,
            cut: false,
        }
    }

    /// Appends a text, as a whole or not at all.
    pub(super) const fn text(mut self, text: &str) -> Self {
        if self.cut {
            return self;
        }
        let text = if self.len + text.len() + Self::ELLIPSIS.len() > Self::CAPACITY {
            self.cut = true;
            Self::ELLIPSIS.as_bytes()
        } else {
            text.as_bytes()
        };
        let mut at = 0;
        while at < text.len() {
            self.bytes[self.len] = text[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    /// Ends the message with the id of the rule that is broken; `docs/rules.md` has a section for each.
    pub(super) const fn rule(self, id: &str) -> Self {
        self.text(" [").text(id).text("]")
    }

    /// Appends a number.
    pub(super) const fn number(self, number: usize) -> Self {
        let mut digits = [0_u8; 20];
        let mut start = digits.len();
        let mut rest = number;
        loop {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        let (_, digits) = digits.split_at(start);
        match str::from_utf8(digits) {
            Ok(digits) => self.text(digits),
            Err(_) => self,
        }
    }

    /// Appends a number with a fraction, as far as it has few digits; else what is near it.
    #[cfg(feature = "rules")]
    pub(super) const fn float(mut self, number: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.is_nan() {
            return self.text("NaN");
        }
        if number < 0.0 {
            self = self.text("-");
        }
        let number = number.abs();
        if number.is_infinite() {
            return self.text("infinity");
        }
        if number >= EXACT {
            return self.text("a very large number");
        }
        let mut scale = 1.0;
        let mut decimals = 0;
        while decimals < 9 && (number * scale) as u64 as f64 / scale != number && number * scale * 10.0 < EXACT {
            scale *= 10.0;
            decimals += 1;
        }
        let scaled = (number * scale + 0.5) as u64;
        self = self.number((scaled / scale as u64) as usize);
        let mut rest = scaled % scale as u64;
        if rest > 0 {
            self = self.text(".");
            while rest > 0 {
                scale /= 10.0;
                self = self.number((rest / scale as u64) as usize);
                rest %= scale as u64;
            }
        }
        self
    }

    /// Appends numbers as OpenMetrics writes them in labels, with `, ` between them: `8.0`.
    #[cfg(feature = "rules")]
    pub(super) const fn floats(mut self, numbers: &[f64]) -> Self {
        let mut at = 0;
        while at < numbers.len() {
            if at > 0 {
                self = self.text(", ");
            }
            self = self.float(numbers[at]);
            if numbers[at].trunc() == numbers[at] {
                self = self.text(".0");
            }
            at += 1;
        }
        self
    }

    /// Appends the texts, with `, ` between them.
    pub(super) const fn list(mut self, items: &[&str]) -> Self {
        let mut at = 0;
        while at < items.len() {
            if at > 0 {
                self = self.text(", ");
            }
            self = self.text(items[at]);
            at += 1;
        }
        self
    }

    pub(super) const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "(a check failed, and its text could not be made)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[test]
    fn joins_texts_numbers_and_lists() {
        let message = Message::new()
            .text("a ")
            .number(0)
            .text(" ")
            .number(1200)
            .text(" ")
            .list(&["x", "y"]);
        assert_eq!(message.as_str(), "a 0 1200 x, y");
    }

    #[cfg(feature = "rules")]
    #[test]
    fn numbers_are_written_as_they_are() {
        for (number, text) in [
            (0.0, "0"),
            (8.0, "8"),
            (-2.5, "-2.5"),
            (0.1, "0.1"),
            (0.005, "0.005"),
            (1.3, "1.3"),
            (0.000_000_001, "0.000000001"),
            (1_234_567.25, "1234567.25"),
            (f64::INFINITY, "infinity"),
        ] {
            assert_eq!(Message::new().float(number).as_str(), text);
        }
        assert_eq!(Message::new().floats(&[0.5, 8.0]).as_str(), "0.5, 8.0");
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_at_a_piece_and_says_so() {
        let mut message = Message::new();
        for _ in 0..500 {
            message = message.text("abcdé ");
        }
        assert!(message.as_str().len() <= Message::CAPACITY);
        assert!(message.as_str().ends_with("abcdé …"));
    }
}
