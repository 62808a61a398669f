//! What a number counts.

use std::fmt;

use crate::both::both;
use crate::operator::BinaryOp;

/// A product of base units: `seconds`, `bytes/seconds`, or of none, which a ratio is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// How often each is a factor, in the order of their names.
    powers: Vec<(String, i32)>,
}

/// What names end in by themselves: Prometheus' base units
/// (<https://prometheus.io/docs/practices/naming/#base-units>).
const BASE: &[&str] = &[
    "seconds", "bytes", "ratio", "celsius", "meters", "volts", "amperes", "joules", "grams",
];

impl Unit {
    /// The unit of that name, in the plural; that of `ratio` is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut unit = Self::none();
        if name != "ratio" {
            unit.powers.push((name.to_owned(), 1));
        }
        unit
    }

    /// The unit that a metric's name ends in, before `_total`.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.strip_suffix("_total").unwrap_or(name);
        let (rest, last) = name.rsplit_once('_')?;
        // `x_per_seconds` is no time.
        (BASE.contains(&last) && !rest.ends_with("_per")).then(|| Self::named(last))
    }

    /// What is counted, or has been divided by its like.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Of a product (`*`) or of a ratio.
    pub(super) fn combined(&self, op: BinaryOp, other: &Self) -> Self {
        let mut powers = self.powers.clone();
        for (name, power) in &other.powers {
            let power = if op == BinaryOp::Mul { *power } else { -power };
            match powers.binary_search_by(|(own, _)| own.cmp(name)) {
                Ok(place) => powers[place].1 += power,
                Err(place) => powers.insert(place, (name.clone(), power)),
            }
        }
        powers.retain(|(_, power)| *power != 0);
        Self { powers }
    }

    pub(super) fn per_second(&self) -> Self {
        self.combined(BinaryOp::Div, &Self::named("seconds"))
    }
}

/// `bytes/seconds`; a number that has no unit is `a number`.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |above: bool| {
            let named = self.powers.iter().filter(move |(_, power)| (*power > 0) == above);
            named.map(|(name, power): &(String, i32)| match power.abs() {
                1 => name.clone(),
                power => format!("{name}^{power}"),
            })
        };
        let [above, below] = both([true, false], |above| list(above).collect::<Vec<_>>().join("*"));
        match (above.is_empty(), below.is_empty()) {
            (true, true) => f.write_str("a number"),
            (true, false) => write!(f, "1/{below}"),
            (false, true) => f.write_str(&above),
            (false, false) => write!(f, "{above}/{below}"),
        }
    }
}
