//! Open labels: values that are known only while the program runs, up to a cap.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, AtomicUsize, Ordering};

use once_cell::race::OnceBox;

use crate::check::equal;
use crate::descriptor::{Descriptor, Kind, LabelDescriptor};
use crate::family::Export;
use crate::metric::{CounterCells, Reading};
use crate::storage::is_recording;

/// The longest value of an open label, in bytes.
const LONGEST: usize = 128;

/// The most values that an open label has room for.
pub(crate) const MOST_OPEN_VALUES: usize = u16::MAX as usize;

/// An open label: a name and where its values are.
pub struct Open {
    pub(crate) name: &'static str,
    /// The value of everything that has no place of its own.
    other: &'static str,
    /// How many values there are at most, besides `other`.
    pub(crate) max: usize,
    values: &'static dyn Values,
}

/// One value of an open label, by its position: 0 is `other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interned(u16);

/// The values of one open label, each with the position that it was given when it came first and keeps for good.
///
/// Nothing here waits: a value is found by a hash table of positions, which is never more than half full, and a new one
/// takes the first free position by compare-and-swap.
#[allow(missing_debug_implementations, reason = "hidden: only the macro makes one")]
pub struct Interner<const MAX: usize, const TABLE: usize> {
    /// Filled from the first on.
    entries: [OnceBox<Entry>; MAX],
    /// At a value's hash or the next free place: its position among the entries, counted from 1. Places are filled once.
    table: [AtomicU16; TABLE],
    /// All entries before this one are in the table.
    indexed: AtomicUsize,
    /// How often a value got no place.
    overflows: AtomicU64,
}

/// One value.
#[allow(missing_debug_implementations, reason = "hidden: only this crate sees one")]
pub struct Entry {
    text: Cow<'static, str>,
    hash: usize,
    /// Whether scrapes have it: until it is removed.
    exported: AtomicBool,
}

/// How large the table for so many values is.
#[must_use]
pub const fn table_size(max: usize) -> usize {
    (2 * max).next_power_of_two()
}

impl Open {
    /// In a constant.
    #[must_use]
    pub const fn new(name: &'static str, other: &'static str, max: usize, values: &'static dyn Values) -> Self {
        Self {
            name,
            other,
            max,
            values,
        }
    }

    /// The value for this text, which is copied when it is new; while recording is off, the value for the rest.
    #[must_use]
    pub fn intern(&self, text: &str) -> Interned {
        self.place(text, &|| Cow::Owned(text.to_owned()))
    }

    /// The same for a text that lives as long as the program.
    #[must_use]
    pub fn intern_static(&self, text: &'static str) -> Interned {
        self.place(text, &|| Cow::Borrowed(text))
    }

    fn place(&self, text: &str, own: &dyn Fn() -> Cow<'static, str>) -> Interned {
        if text == self.other || !is_recording() {
            return Interned::OTHER;
        }
        let fits = !text.is_empty() && text.len() <= LONGEST;
        let position = fits.then(|| self.values.place(text, own)).flatten();
        if position.is_none() {
            self.values.overflows().fetch_add(1, Ordering::Relaxed);
        }
        position.map_or(Interned::OTHER, Interned)
    }

    /// The same as interning the value's text again.
    #[inline]
    pub fn renew(&self, value: Interned) {
        match value.0.checked_sub(1).and_then(|at| self.values.entry(at.into())) {
            Some(entry) => entry.export(),
            None => _ = self.values.overflows().fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Leaves the series with this value out of scrapes; whether they were in.
    #[must_use]
    pub fn remove(&self, text: &str) -> bool {
        self.values.remove(text)
    }

    /// The text of a value.
    #[must_use]
    pub fn text(&self, value: Interned) -> &'static str {
        match value.0.checked_sub(1) {
            Some(entry) => self.values.entry(entry.into()).map_or(self.other, Entry::text),
            None => self.other,
        }
    }

    /// The text of the value at a position, if scrapes have it.
    pub(crate) fn exported(&self, position: usize) -> Option<&'static str> {
        match position.checked_sub(1) {
            Some(entry) => self
                .values
                .entry(entry)
                .filter(|entry| entry.exported.load(Ordering::Relaxed))
                .map(Entry::text),
            None => Some(self.other),
        }
    }
}

impl Interned {
    /// What has no place of its own.
    pub const OTHER: Self = Self(0);

    /// The position among all.
    #[inline]
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }

    /// The value at a position.
    #[must_use]
    pub fn at(index: usize) -> Self {
        u16::try_from(index).map_or(Self::OTHER, Self)
    }
}

/// An interner of any size.
pub trait Values: Sync {
    /// The position of a text, counted from 1; a new one gets the next, if there is one.
    fn place(&self, text: &str, own: &dyn Fn() -> Cow<'static, str>) -> Option<u16>;

    /// Leaves a text out of scrapes; whether it was in.
    fn remove(&self, text: &str) -> bool;

    /// An entry, counted from 0.
    fn entry(&'static self, at: usize) -> Option<&'static Entry>;

    /// How often a value got no place.
    fn overflows(&self) -> &AtomicU64;
}

impl<const MAX: usize, const TABLE: usize> Interner<MAX, TABLE> {
    /// Without values.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "hidden: only the macro makes one")]
    pub const fn new() -> Self {
        Self {
            entries: [const { OnceBox::new() }; MAX],
            table: [const { AtomicU16::new(0) }; TABLE],
            indexed: AtomicUsize::new(0),
            overflows: AtomicU64::new(0),
        }
    }

    /// Whether a text has a place.
    #[cfg(feature = "http")]
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.find(text, hash(text)).is_some()
    }

    /// The entry of a text that is in the table, and its position counted from 1.
    fn find(&self, text: &str, hash: usize) -> Option<(&Entry, u16)> {
        for place in places::<TABLE>(hash) {
            // Acquire: an entry that is in the table is seen.
            let position = self.table[place].load(Ordering::Acquire);
            let entry = self.entries.get(usize::from(position).checked_sub(1)?)?.get()?;
            if entry.is(text, hash) {
                return Some((entry, position));
            }
        }
        None
    }

    /// Puts an entry into the table, if nobody has yet. Who comes to the same entry goes through the same places, of
    /// which none is ever freed, so that it gets one place only.
    fn index(&self, entry: &Entry, position: u16) {
        for place in places::<TABLE>(entry.hash) {
            match self.table[place].compare_exchange(0, position, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => break,
                Err(taken) if taken == position => break,
                Err(_) => {}
            }
        }
        self.indexed.fetch_max(position.into(), Ordering::AcqRel);
    }
}

/// The places in a table for a hash: all, each once.
fn places<const TABLE: usize>(hash: usize) -> impl Iterator<Item = usize> {
    (0..TABLE).map(move |step| hash.wrapping_add(step) % TABLE)
}

impl<const MAX: usize, const TABLE: usize> Values for Interner<MAX, TABLE> {
    fn place(&self, text: &str, own: &dyn Fn() -> Cow<'static, str>) -> Option<u16> {
        let hash = hash(text);
        // Before looking: what is indexed by now is found, and what is not is gone through below.
        let indexed = self.indexed.load(Ordering::Acquire);
        if let Some((entry, position)) = self.find(text, hash) {
            entry.export();
            return Some(position);
        }
        for (at, place) in self.entries.iter().enumerate().skip(indexed) {
            // At most `MOST_OPEN_VALUES`.
            let position = at as u16 + 1;
            // Whoever is first takes the place; the others see what it holds and go on to the next.
            let entry = place.get_or_init(|| {
                Box::new(Entry {
                    text: own(),
                    hash,
                    exported: AtomicBool::new(true),
                })
            });
            self.index(entry, position);
            if entry.is(text, hash) {
                entry.export();
                return Some(position);
            }
        }
        None
    }

    fn remove(&self, text: &str) -> bool {
        self.find(text, hash(text))
            .is_some_and(|(entry, _)| entry.exported.swap(false, Ordering::Relaxed))
    }

    fn entry(&'static self, at: usize) -> Option<&'static Entry> {
        self.entries.get(at)?.get()
    }

    fn overflows(&self) -> &AtomicU64 {
        &self.overflows
    }
}

impl Entry {
    fn is(&self, text: &str, hash: usize) -> bool {
        self.hash == hash && self.text == text
    }

    /// Scrapes have it from now on.
    fn export(&self) {
        // Nearly always they have: a store would take the line away from all other threads.
        if !self.exported.load(Ordering::Relaxed) {
            self.exported.store(true, Ordering::Relaxed);
        }
    }

    fn text(&self) -> &str {
        &self.text
    }
}

/// A hash of eight bytes at a time: requests wait for it. Values are a few and the program's own, so that nobody gains
/// by making them collide.
fn hash(text: &str) -> usize {
    // Odd, and without a pattern: the golden ratio's fraction, as in Fibonacci hashing (Knuth, volume 3, 6.4).
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(SPREAD);
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let hash = words.iter().map(|word| u64::from_le_bytes(*word)).fold(0, step);
    let hash = rest.iter().map(|byte| u64::from(*byte)).fold(hash, step);
    // The table takes the low bits, into which the high ones are mixed.
    (hash ^ (hash >> 32)) as usize
}

impl PartialEq for Open {
    /// Each open label is itself only.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(self.values, other.values)
    }
}

impl Eq for Open {}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = (0..=self.max).filter_map(|position| self.exported(position));
        f.debug_list().entries(values).finish()
    }
}

/// How often a value of each open label of a catalog got no place: a counter that the catalog adds by itself.
#[derive(Debug)]
pub struct Overflows {
    /// The labels of all metrics, so that some are there more than once.
    open: &'static [&'static Open],
    /// The counter; nothing where no label is open.
    descriptor: &'static [Descriptor],
}

impl Overflows {
    /// The counter's name.
    pub(crate) const NAME: &'static str = "enumetrics_label_overflows_total";

    /// In a constant, with the counter's label and how it is described.
    #[must_use]
    pub const fn new(open: &'static [&'static Open], descriptor: &'static [Descriptor]) -> Self {
        Self { open, descriptor }
    }

    /// How the counter of these labels is described.
    #[must_use]
    pub const fn descriptor(label: &'static [LabelDescriptor]) -> Descriptor {
        Descriptor::new(
            Self::NAME,
            "Values of an open label that were interned as its value for the rest.",
            Kind::Counter,
            label,
        )
    }

    /// The counter for structs that are known only while the program runs, if they have an open label.
    pub(crate) fn leaked(structs: &[&dyn Export]) -> Option<&'static dyn Export> {
        let families = structs.iter().flat_map(|family| family.descriptors());
        let open: Vec<_> = families
            .flat_map(|family| family.labels)
            .filter_map(|label| label.open)
            .collect();
        if open.is_empty() {
            return None;
        }
        let names: Vec<_> = (0..open.len())
            .filter(|at| is_first(&open, *at))
            .map(|at| open[at].name)
            .collect();
        let label = Vec::leak(vec![Self::label(names.leak())]);
        let descriptor = Vec::leak(vec![Self::descriptor(label)]);
        Some(Box::leak(Box::new(Self::new(open.leak(), descriptor))))
    }

    /// The counter, if there is one.
    #[must_use]
    pub const fn declared(&self) -> &'static [Descriptor] {
        self.descriptor
    }

    /// The counter's label.
    #[must_use]
    pub const fn label(names: &'static [&'static str]) -> LabelDescriptor {
        LabelDescriptor::new("label", names)
    }

    /// How many open labels these structs have, counted each time.
    #[must_use]
    pub const fn count(structs: &[&[Descriptor]]) -> usize {
        let mut count = 0;
        let mut at = Position::FIRST;
        while let Some(label) = at.next(structs) {
            count += label.is_open() as usize;
        }
        count
    }

    /// All of them; `N` is their [`count`](Self::count).
    #[must_use]
    pub const fn open<const N: usize>(structs: &[&[Descriptor]]) -> [&'static Open; N] {
        let mut open = [NO_LABEL; N];
        let mut len = 0;
        let mut at = Position::FIRST;
        while let Some(label) = at.next(structs) {
            if let Some(label) = label.open {
                open[len] = label;
                len += 1;
            }
        }
        open
    }

    /// How many names they have.
    #[must_use]
    pub const fn count_names(open: &[&Open]) -> usize {
        let mut count = 0;
        let mut at = 0;
        while at < open.len() {
            count += is_first(open, at) as usize;
            at += 1;
        }
        count
    }

    /// Their names, each once; `N` is their [number](Self::count_names).
    #[must_use]
    pub const fn names<const N: usize>(open: &[&Open]) -> [&'static str; N] {
        let mut names = [""; N];
        let mut len = 0;
        let mut at = 0;
        while at < open.len() {
            if is_first(open, at) {
                names[len] = open[at].name;
                len += 1;
            }
            at += 1;
        }
        names
    }
}

impl Export for Overflows {
    fn descriptors(&self) -> &'static [Descriptor] {
        self.descriptor
    }

    fn about(&self) -> &'static str {
        "Labels whose values come while the program runs."
    }

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        for descriptor in self.descriptor {
            visit(descriptor, Reading::Counter(self));
        }
    }
}

impl CounterCells<u64> for Overflows {
    /// Only a label itself counts.
    fn add(&self, _: usize, _: u64) {}

    fn sum(&self, first: usize, counts: &mut [u64]) {
        let names = self
            .descriptor
            .iter()
            .flat_map(|descriptor| descriptor.labels[0].values);
        for (count, name) in counts.iter_mut().zip(names.skip(first)) {
            // Two labels may have one name, and one label may be that of several metrics.
            let named = self.open.iter().enumerate().filter(|(_, open)| open.name == *name);
            *count = named
                .filter(|(at, open)| !self.open[..*at].contains(open))
                .map(|(_, open)| open.values.overflows().load(Ordering::Relaxed))
                .fold(0, u64::wrapping_add);
        }
    }
}

/// The counter of a `catalog!` with these structs.
#[doc(hidden)]
#[macro_export]
macro_rules! __overflows {
    ($structs:expr) => {{
        use $crate::__private::{Open, Overflows};
        const __OPEN: &[&Open] = &Overflows::open::<{ Overflows::count($structs) }>($structs);
        const __NAMES: &[&str] = &Overflows::names::<{ Overflows::count_names(__OPEN) }>(__OPEN);
        const __LABEL: &[$crate::LabelDescriptor] = &[Overflows::label(__NAMES)];
        const __DESCRIPTOR: &[$crate::Descriptor] = &[Overflows::descriptor(__LABEL)];
        Overflows::new(__OPEN, if __OPEN.is_empty() { &[] } else { __DESCRIPTOR })
    }};
}

/// What stands in an array until it is filled.
const NO_LABEL: &Open = &Open::new("", "", 0, &NO_VALUES);

static NO_VALUES: Interner<0, 1> = Interner::new();

/// Whether no label before this one has its name.
const fn is_first(open: &[&Open], at: usize) -> bool {
    let mut earlier = 0;
    while earlier < at {
        if equal(open[earlier].name, open[at].name) {
            return false;
        }
        earlier += 1;
    }
    true
}

/// A place among the labels of all metrics of some structs.
struct Position {
    of: usize,
    family: usize,
    label: usize,
}

impl Position {
    const FIRST: Self = Self {
        of: 0,
        family: 0,
        label: 0,
    };

    /// The label there; the place moves on.
    const fn next<'a>(&mut self, structs: &[&'a [Descriptor]]) -> Option<&'a LabelDescriptor> {
        while self.of < structs.len() {
            let families = structs[self.of];
            if self.family == families.len() {
                (self.of, self.family) = (self.of + 1, 0);
            } else if self.label == families[self.family].labels.len() {
                (self.family, self.label) = (self.family + 1, 0);
            } else {
                self.label += 1;
                return Some(&families[self.family].labels[self.label - 1]);
            }
        }
        None
    }
}
