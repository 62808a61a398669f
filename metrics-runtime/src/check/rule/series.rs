//! The series of a catalog by their names.

use super::MOST_LABELS;
use crate::check::message::Message;
use crate::check::nearest::edits;
use crate::check::{FNV_OFFSET, equal, find as find_label, fnv_1a, position};
use crate::descriptor::{Descriptor, Kind, without_suffix};
use enumetrics_promql::Interval;

/// What a name in an expression stands for.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    hash: u64,
    /// Nothing if there is no such family, so that nothing is known of it.
    pub(super) family: Option<&'static Descriptor>,
    pub(super) part: Part,
    targets: &'static [&'static str],
    /// Whether the program itself exports it, so that all is known of it.
    is_own: bool,
}

/// Which series of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The metric itself; of a summary, its quantiles.
    Whole,
    Bucket,
    Sum,
    Count,
    /// A name that the family claims and does not export.
    Nothing,
}

impl Part {
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Whole | Self::Nothing => "",
            Self::Bucket => "_bucket",
            Self::Sum => "_sum",
            Self::Count => "_count",
        }
    }
}

/// What Prometheus itself says of each target that it scrapes.
const OF_TARGETS: [Descriptor; 8] = {
    const fn gauge(name: &'static str) -> Descriptor {
        Descriptor::new(name, "", Kind::Gauge, &[])
    }
    [
        gauge("up"),
        gauge("scrape_duration_seconds"),
        gauge("scrape_timeout_seconds"),
        gauge("scrape_samples_scraped"),
        gauge("scrape_samples_post_metric_relabeling"),
        gauge("scrape_sample_limit"),
        gauge("scrape_body_size_bytes"),
        gauge("scrape_series_added"),
    ]
};

/// The same for the linter.
pub(crate) const fn of_targets() -> &'static [Descriptor] {
    &OF_TARGETS
}

/// How many names these descriptors have, with those of Prometheus itself.
#[must_use]
pub const fn count(catalogs: &[&[&'static [Descriptor]]]) -> usize {
    let mut count = OF_TARGETS.len();
    let mut catalog = 0;
    while catalog < catalogs.len() {
        let mut owner = 0;
        while owner < catalogs[catalog].len() {
            let families = catalogs[catalog][owner];
            let mut at = 0;
            while at < families.len() {
                count += families[at].kind.sample_suffixes().len();
                at += 1;
            }
            owner += 1;
        }
        catalog += 1;
    }
    count
}

/// All names by their hash; `N` is their [`count`]. The last of the catalogs is what others export.
#[must_use]
pub const fn table<const N: usize>(
    catalogs: &[&[&'static [Descriptor]]],
    targets: &'static [&'static str],
) -> [Series; N] {
    let none = Series {
        hash: 0,
        family: None,
        part: Part::Nothing,
        targets,
        is_own: false,
    };
    let mut table = [none; N];
    let mut len = add(&mut table, 0, of_targets(), targets, false);
    let mut catalog = 0;
    while catalog < catalogs.len() {
        let mut owner = 0;
        while owner < catalogs[catalog].len() {
            let is_own = catalog + 1 < catalogs.len();
            len = add(&mut table, len, catalogs[catalog][owner], targets, is_own);
            owner += 1;
        }
        catalog += 1;
    }
    sort(&mut table);
    table
}

const fn add(
    table: &mut [Series],
    mut len: usize,
    families: &'static [Descriptor],
    targets: &'static [&'static str],
    is_own: bool,
) -> usize {
    let mut at = 0;
    while at < families.len() {
        let family = &families[at];
        let hash = fnv_1a(FNV_OFFSET, family.name);
        let suffixes = family.kind.sample_suffixes();
        let mut suffix = 0;
        while suffix < suffixes.len() {
            let has_whole = match family.kind {
                Kind::Histogram => family.native.is_some(),
                Kind::Summary => !family.quantiles.is_empty(),
                _ => true,
            };
            let part = match suffixes[suffix].as_bytes() {
                b"" if has_whole => Part::Whole,
                _ if is_native_only(family) => Part::Nothing,
                b"_bucket" => Part::Bucket,
                b"_sum" => Part::Sum,
                b"_count" => Part::Count,
                _ => Part::Nothing,
            };
            table[len] = Series {
                hash: fnv_1a(hash, suffixes[suffix]),
                family: Some(family),
                part,
                targets,
                is_own,
            };
            len += 1;
            suffix += 1;
        }
        at += 1;
    }
    len
}

/// Whether Prometheus has the buckets, the sum and the count in one series.
const fn is_native_only(family: &Descriptor) -> bool {
    family.native.is_some() && family.buckets.is_empty()
}

/// A heap sort, because it needs no memory.
const fn sort(table: &mut [Series]) {
    let mut root = table.len() / 2;
    while root > 0 {
        root -= 1;
        sift_down(table, root, table.len());
    }
    let mut end = table.len();
    while end > 1 {
        end -= 1;
        table.swap(0, end);
        sift_down(table, 0, end);
    }
}

const fn sift_down(table: &mut [Series], mut root: usize, end: usize) {
    loop {
        let mut child = 2 * root + 1;
        if child >= end {
            return;
        }
        if child + 1 < end && table[child].hash < table[child + 1].hash {
            child += 1;
        }
        if table[root].hash >= table[child].hash {
            return;
        }
        table.swap(root, child);
        root = child;
    }
}

/// What a name stands for. If it is none, but for a suffix, it is that family without a part.
#[must_use]
pub const fn find(table: &[Series], name: &str) -> Series {
    if let Some(found) = lookup(table, name) {
        return found;
    }
    let suffixes = ["bucket", "sum", "count"];
    let mut at = 0;
    while at < suffixes.len() {
        if let Some(stem) = without_suffix(name, suffixes[at])
            && let Some(found) = lookup(table, stem)
        {
            let part = Part::Nothing;
            return Series { part, ..found };
        }
        at += 1;
    }
    Series {
        hash: 0,
        family: None,
        part: Part::Nothing,
        targets: &[],
        is_own: false,
    }
}

const fn lookup(table: &[Series], name: &str) -> Option<Series> {
    let hash = fnv_1a(FNV_OFFSET, name);
    let (mut from, mut to) = (0, table.len());
    while from < to {
        let middle = usize::midpoint(from, to);
        if table[middle].hash < hash {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    while from < table.len() && table[from].hash == hash {
        let suffix = table[from].part.suffix().len();
        if let Some(family) = table[from].family
            && name.len() == family.name.len() + suffix
            && equal(name.split_at(family.name.len()).0, family.name)
        {
            return Some(table[from]);
        }
        from += 1;
    }
    None
}

/// The exported name that was probably meant, in two parts: with the suffix that `name` has.
pub(super) const fn nearest_to(table: &[Series], name: &str) -> Option<(&'static str, &'static str)> {
    let mut best = None;
    let mut fewest = if name.len() <= 3 { 2 } else { name.len() / 3 + 1 };
    let mut at = 0;
    while at < table.len() {
        let series = &table[at];
        at += 1;
        let Some(family) = series.family else { continue };
        let suffix = series.part.suffix();
        let word = match suffix.is_empty() {
            true => name,
            false => match without_suffix(name, suffix.split_at(1).1) {
                Some(stem) => stem,
                None => continue,
            },
        };
        if !series.is_sample() {
            continue;
        }
        // What is often forgotten.
        if matches!(without_suffix(family.name, "total"), Some(stem) if equal(stem, word)) {
            return Some((family.name, suffix));
        }
        let edits = edits(word, family.name);
        if edits < fewest {
            fewest = edits;
            best = Some((family.name, suffix));
        }
    }
    best
}

impl Series {
    /// Whether it is exported.
    pub(super) const fn is_sample(&self) -> bool {
        !matches!(self.part, Part::Nothing)
    }

    /// Whether one knows what it is.
    pub(super) const fn is_known(&self) -> bool {
        self.family.is_some() && self.is_sample()
    }

    pub(super) const fn family_name(&self) -> &'static str {
        match self.family {
            Some(family) => family.name,
            None => "",
        }
    }

    /// The family, where each combination of its labels' values is exported from the beginning.
    pub(super) const fn all_exported(&self) -> Option<&'static Descriptor> {
        match self.family {
            Some(family) if self.is_own && family.is_dense() && !family.is_of_instance() => Some(family),
            _ => None,
        }
    }

    /// Whether it only rises.
    pub(super) const fn is_counter(&self) -> bool {
        match (self.part, self.family) {
            (Part::Whole, Some(family)) => matches!(family.kind, Kind::Counter | Kind::Histogram),
            (Part::Bucket | Part::Sum | Part::Count, Some(_)) => true,
            _ => false,
        }
    }

    /// The label that this part has beside the family's own.
    const fn extra_label(&self) -> Option<&'static str> {
        match (self.part, self.family) {
            (Part::Bucket, _) => Some("le"),
            (Part::Whole, Some(family)) if matches!(family.kind, Kind::Summary) => Some("quantile"),
            _ => None,
        }
    }

    /// Whether it can have this label. Of what is not known one can't say.
    pub(super) const fn may_have(&self, label: &str) -> bool {
        let Some(family) = self.family else { return true };
        if !self.is_sample() || find_label(family.labels, label).is_some() || position(self.targets, label).is_some() {
            return true;
        }
        let mut at = 0;
        while at < family.constant_labels.len() {
            if equal(family.constant_labels[at].0, label) {
                return true;
            }
            at += 1;
        }
        matches!(self.extra_label(), Some(extra) if equal(extra, label))
    }

    /// The values of one of its labels, where they are known.
    pub(super) const fn values(&self, label: &str) -> Option<&'static [&'static str]> {
        let (Some(family), true) = (self.family, self.is_sample()) else {
            return None;
        };
        if let Some(at) = find_label(family.labels, label) {
            let label = &family.labels[at];
            return match label.is_open() || label.values.is_empty() {
                true => None,
                false => Some(label.values),
            };
        }
        let mut at = 0;
        while at < family.constant_labels.len() {
            if equal(family.constant_labels[at].0, label) {
                return Some(std::slice::from_ref(&family.constant_labels[at].1));
            }
            at += 1;
        }
        None
    }

    /// The labels that its declaration gives it.
    pub(super) const fn own_labels(&self) -> ([&'static str; MOST_LABELS], usize) {
        let mut names = [""; MOST_LABELS];
        let mut len = 0;
        if let Some(family) = self.family {
            let mut at = 0;
            while at < family.labels.len() {
                len = super::add(&mut names, len, family.labels[at].name);
                at += 1;
            }
            let mut at = 0;
            while at < family.constant_labels.len() {
                len = super::add(&mut names, len, family.constant_labels[at].0);
                at += 1;
            }
        }
        (names, len)
    }

    /// And those of its target and of its part.
    pub(super) const fn all_labels(&self) -> ([&'static str; MOST_LABELS], usize) {
        let (mut names, mut len) = self.own_labels();
        if let Some(extra) = self.extra_label() {
            len = super::add(&mut names, len, extra);
        }
        let mut at = 0;
        while at < self.targets.len() {
            len = super::add(&mut names, len, self.targets[at]);
            at += 1;
        }
        (names, len)
    }

    /// Between which numbers its values are.
    #[must_use]
    pub const fn interval(self) -> Interval {
        match self.family {
            Some(family) if matches!(family.kind, Kind::Info) => Interval::ONE,
            Some(family) if matches!(family.kind, Kind::StateSet) || equal(family.name, "up") => Interval::RATIO,
            // The sum of what was observed can fall, if what is observed is negative.
            Some(_) if self.is_counter() && !matches!(self.part, Part::Sum) => Interval::POSITIVE,
            _ => Interval::ALL,
        }
    }

    /// What its values count, if that is known: empty for a number.
    pub(super) const fn unit(self) -> Option<&'static str> {
        let Some(family) = self.family else { return None };
        match (self.part, family.unit) {
            (Part::Bucket | Part::Count, _) => Some(""),
            (Part::Whole | Part::Sum, Some(unit)) if equal(unit, "ratio") => Some(""),
            (Part::Whole | Part::Sum, unit) => unit,
            (Part::Nothing, _) => None,
        }
    }

    /// Between which numbers its quantiles are.
    #[must_use]
    pub const fn quantiles(self) -> Interval {
        match (self.part, self.family) {
            (Part::Bucket, Some(family)) if !family.buckets.is_empty() => {
                // Below the first bound it is interpolated from zero on.
                Interval::new(family.buckets[0].min(0.0), family.buckets[family.buckets.len() - 1])
            }
            _ => Interval::ALL,
        }
    }

    /// Between which numbers its rates are.
    #[must_use]
    pub const fn rates(self) -> Interval {
        if !self.is_known() || self.interval().least >= 0.0 {
            return Interval::POSITIVE;
        }
        Interval::ALL
    }

    /// Appends the names of the family's series.
    pub(super) const fn list_samples(&self, mut message: Message) -> Message {
        let Some(family) = self.family else { return message };
        let suffixes = family.kind.sample_suffixes();
        let mut first = true;
        let mut at = 0;
        while at < suffixes.len() {
            let is_whole = suffixes[at].is_empty();
            let exported = match family.kind {
                Kind::Histogram if is_whole => family.native.is_some(),
                Kind::Histogram => !is_native_only(family),
                Kind::Summary => !is_whole || !family.quantiles.is_empty(),
                _ => true,
            };
            if exported {
                if !first {
                    message = message.text(", ");
                }
                message = message.text(family.name).text(suffixes[at]);
                first = false;
            }
            at += 1;
        }
        message
    }
}
