//! Everything that a program exports.

mod adapt;
mod names;
#[cfg(feature = "exporter")]
mod names_info;

use std::{fmt, io};

pub use self::adapt::AdaptError;
#[cfg(feature = "exporter")]
pub(crate) use self::adapt::Adapted;
pub use self::names::OtherNames;
use crate::check::nearest;
use crate::descriptor::{Descriptor, max_series};
use crate::exposition::openmetrics::Ambiguous;
use crate::exposition::text::Scrape;
use crate::exposition::{Format, PAGE};
use crate::family::Export;
use crate::label::Overflows;
use crate::metric::Reading;

/// Structs of metrics that are exported together: a program's one list of what it exports.
///
/// The `catalog!` macro declares it as a `static`, and refuses two families of the same name while compiling.
/// [`Catalog::new`] makes one of any instances at run time, as a test wants it.
#[derive(Clone, Copy)]
pub struct Catalog<'a> {
    families: &'a [&'a dyn Export],
    /// The names of the metric families that are left out.
    without: &'a [String],
    /// What `catalog!` declares; constants can read it, while only a running program can ask `families`.
    declared: &'static [&'static [Descriptor]],
    /// The labels of all series, which others' series are given too.
    labels: &'a [(&'static str, &'static str)],
    /// What stands before every name since the program was started.
    prefix: &'a str,
    /// Whether scrapes say when each series started.
    created: bool,
    max_series: usize,
}

impl<'a> Catalog<'a> {
    /// A catalog of these structs of metrics.
    ///
    /// Where one of them has an open label, the few bytes that describe the counter of its overflows are kept for the rest
    /// of the program.
    ///
    /// # Errors
    ///
    /// [`DuplicateName`] when two families claim the same name.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, Export};
    /// # fn of(kyc: &dyn Export) -> Result<(), Box<dyn std::error::Error>> {
    /// // let kyc = Kyc::new();
    /// let families = [kyc];
    /// let text = Catalog::new(&families)?.render();
    /// # Ok(()) }
    /// ```
    pub fn new(families: &'a [&'a dyn Export]) -> Result<Self, DuplicateName> {
        let families = match Overflows::leaked(families) {
            Some(overflows) => Vec::leak(families.iter().copied().chain([overflows]).collect()),
            None => families,
        };
        let mut names = std::collections::HashSet::new();
        let mut series = 0_usize;
        for family in families {
            for descriptor in family
                .descriptors()
                .iter()
                .filter(|descriptor| !descriptor.is_repeated())
            {
                for suffix in descriptor.kind.claimed_suffixes() {
                    let name = format!("{}{suffix}", descriptor.name);
                    if let Some(name) = names.replace(name) {
                        return Err(DuplicateName { name });
                    }
                }
            }
            series = series.saturating_add(max_series(family.descriptors()));
        }
        Ok(Self {
            families,
            without: &[],
            declared: &[],
            labels: &[],
            prefix: "",
            created: false,
            max_series: series,
        })
    }

    /// For `catalog!`, which checks the names itself.
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(families: &'a [&'a dyn Export], descriptors: &'static [&'static [Descriptor]]) -> Self {
        let mut series = 0_usize;
        let mut at = 0;
        while at < descriptors.len() {
            series = series.saturating_add(max_series(descriptors[at]));
            at += 1;
        }
        Self {
            families,
            without: &[],
            declared: descriptors,
            labels: &[],
            prefix: "",
            created: false,
            max_series: series,
        }
    }

    /// For `rules!`: what `catalog!` declares.
    #[doc(hidden)]
    #[must_use]
    pub const fn __declared(&self) -> &'static [&'static [Descriptor]] {
        self.declared
    }

    /// The catalog without some metric families, by their full names: what an operator switches off at start-up. They
    /// are recorded as before, and exported no longer.
    ///
    /// The names are kept for as long as the program runs: it is for a start-up, not for each scrape.
    ///
    /// # Errors
    ///
    /// [`UnknownName`] when the catalog has no family of that name.
    ///
    /// ```
    /// # use enumetrics_runtime::Catalog;
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let off = std::env::var("METRICS_OFF").unwrap_or_default(); // "http_request_size_bytes,http_response_size_bytes"
    /// let metrics = METRICS.without(off.split(',').filter(|name| !name.is_empty()))?;
    /// println!("{}", metrics.render());
    /// # Ok(()) }
    /// ```
    pub fn without<'n>(self, names: impl IntoIterator<Item = &'n str>) -> Result<Self, UnknownName> {
        let mut without = self.without.to_vec();
        for name in names {
            let Some(descriptor) = self.descriptors().find(|descriptor| descriptor.name == name) else {
                return Err(UnknownName::new(name, &self));
            };
            if !without.iter().any(|known| known == descriptor.name) {
                without.push(descriptor.name.to_owned());
            }
        }
        let mut catalog = Self {
            without: without.leak(),
            ..self
        };
        catalog.max_series = catalog.descriptors().map(Descriptor::max_series).sum();
        Ok(catalog)
    }

    /// The catalog with the time at which each series of a counter, histogram or summary started, where a format has a
    /// place for it: `kyc_verifications_created` in OpenMetrics. It is when the process started, or when the series was
    /// [reset](crate::CounterSeries::reset). The protobuf format has it always, because there it is no series of its own.
    ///
    /// A Prometheus that runs with `--enable-feature=created-timestamp-zero-ingestion` (3.0 and newer) then knows that a
    /// counter was 0 at that time, so that `increase` sees the first value too, and a reset that happened between two
    /// scrapes. Any other stores it as one more series for each of them: so it is off unless it is asked for here, and
    /// [`max_series`](Self::max_series) does not count it.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, Format};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// println!("{}", METRICS.with_created_timestamps().render_as(Format::OpenMetrics));
    /// ```
    #[must_use]
    pub const fn with_created_timestamps(mut self) -> Self {
        self.created = true;
        self
    }

    /// The most time series that a scrape of this catalog can have, known to the compiler: what `sample_limit` in
    /// Prometheus' scrape configuration must allow.
    #[must_use]
    pub const fn max_series(&self) -> usize {
        self.max_series
    }

    /// Everything that is declared, in the order in which it is exported.
    pub fn descriptors(&self) -> impl Iterator<Item = &'static Descriptor> {
        let all = self.families.iter().flat_map(|family| family.descriptors());
        all.filter(|descriptor| self.exports(descriptor))
    }

    /// What each struct of metrics is about, and what it declares.
    #[cfg(feature = "dashboards")]
    pub(crate) fn structs(&self) -> impl Iterator<Item = (&'static str, Vec<&'static Descriptor>)> {
        self.families.iter().map(|family| {
            let descriptors = family.descriptors().iter();
            (
                family.about(),
                descriptors.filter(|descriptor| self.exports(descriptor)).collect(),
            )
        })
    }

    /// A whole scrape in Prometheus' text format 0.0.4, for tests and for a first look; the exporter serves the same.
    #[must_use]
    pub fn render(&self) -> String {
        self.render_as(Format::Text)
    }

    /// A whole scrape in a format that is text. See [`write_to`](Self::write_to) for very large ones, and for the protobuf
    /// format, of which a text holds only what happens to be one.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, Format};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// assert!(METRICS.render_as(Format::OpenMetrics).ends_with("# EOF\n"));
    /// ```
    #[must_use]
    pub fn render_as(&self, format: Format) -> String {
        let mut scrape = Scrape::new();
        self.find_ambiguous(format, &mut scrape.ambiguous);
        self.page(&mut scrape, format, usize::MAX, &mut Cursor::default());
        scrape.text.extend_from_slice(format.end().as_bytes());
        // Names, help and label values are `str`s and numbers are ASCII.
        String::from_utf8(scrape.text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// The same as [`render`](Self::render) into memory that is used again: after the first scrapes nothing is
    /// allocated.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, Scrape};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// let mut scrape = Scrape::new();
    /// loop {
    ///     let text: &[u8] = METRICS.render_into(&mut scrape);
    ///     // … send it …
    ///     # break;
    /// }
    /// ```
    pub fn render_into<'s>(&self, scrape: &'s mut Scrape) -> &'s [u8] {
        self.page(scrape, Format::Text, usize::MAX, &mut Cursor::default());
        &scrape.text
    }

    /// Writes a scrape of any size in bounded memory, page by page of some 256 KiB.
    ///
    /// What it needs is in `scrape`, so that a second scrape allocates nothing: less than 1 MiB, whatever the number of
    /// series, unless lines are longer than 500 bytes. A series is read when its page is written: a slow `out` makes a
    /// scrape whose end is later than its beginning.
    ///
    /// # Errors
    ///
    /// The first that `out` returns, at which the scrape ends.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, Format, Scrape};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// # fn write(file: &mut std::fs::File) -> std::io::Result<()> {
    /// METRICS.write_to(file, Format::OpenMetrics, &mut Scrape::new())?;
    /// # Ok(()) }
    /// ```
    pub fn write_to(&self, out: &mut (impl io::Write + ?Sized), format: Format, scrape: &mut Scrape) -> io::Result<()> {
        self.find_ambiguous(format, &mut scrape.ambiguous);
        let mut cursor = Cursor::default();
        while !cursor.is_at_end() {
            self.page(scrape, format, PAGE, &mut cursor);
            out.write_all(&scrape.text)?;
        }
        out.write_all(format.end().as_bytes())
    }

    /// Writes over what `scrape` holds: the text from the cursor on until it has `full` bytes.
    pub(crate) fn page(&self, scrape: &mut Scrape, format: Format, full: usize, cursor: &mut Cursor) {
        self.page_of(scrape, format, full, cursor, &|_| true);
    }

    /// The same of the families that are wanted.
    pub(crate) fn page_of(
        &self,
        scrape: &mut Scrape,
        format: Format,
        full: usize,
        cursor: &mut Cursor,
        is_wanted: &dyn Fn(&Descriptor) -> bool,
    ) {
        if scrape.text.capacity() == 0 {
            // A page ends after it is full.
            scrape.text.reserve(self.usual_size().min(full.saturating_mul(2)));
        }
        scrape.write(format, self.created, full, |encoder| {
            let mut at = 0;
            self.read(&mut |descriptor, reading| {
                if at == cursor.family && !encoder.is_full() {
                    cursor.series = match is_wanted(descriptor) {
                        true => encoder.family(descriptor, &reading, cursor.series),
                        false => descriptor.combinations(),
                    };
                    if cursor.series >= descriptor.combinations() {
                        (cursor.family, cursor.series) = (at + 1, 0);
                    }
                }
                at += 1;
            });
            cursor.families = at;
        });
    }

    /// About as many bytes as a scrape has, without what is exported once it is touched: a first scrape asks for them once,
    /// and not each time that its memory is full.
    fn usual_size(&self) -> usize {
        const HEAD: usize = 256;
        const SAMPLE: usize = 64;
        let always = self.descriptors().filter(|family| family.is_dense());
        let sizes = always.map(|family| family.max_series().saturating_mul(SAMPLE).saturating_add(HEAD));
        sizes.fold(0, usize::saturating_add)
    }

    /// Whether a format has a place for everything.
    #[cfg(feature = "exporter")]
    pub(crate) fn is_carried_by(&self, format: Format) -> bool {
        let lowest_bound = |family: &Descriptor| family.buckets.first().copied().unwrap_or_default();
        self.descriptors().all(|family| format.has_totals(lowest_bound(family)))
    }

    /// What must be known of all names before the first is written.
    pub(crate) fn find_ambiguous(&self, format: Format, ambiguous: &mut Ambiguous) {
        match format {
            Format::OpenMetrics => ambiguous.find(self.descriptors()),
            _ => ambiguous.find(std::iter::empty()),
        }
    }

    /// Shows each metric's cells to `visit`, in the order in which they are exported.
    pub(crate) fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        for family in self.families {
            if self.without.is_empty() {
                family.read(visit);
            } else {
                family.read(&mut |descriptor, reading| {
                    if self.exports(descriptor) {
                        visit(descriptor, reading);
                    }
                });
            }
        }
    }

    fn exports(&self, descriptor: &Descriptor) -> bool {
        !self.without.iter().any(|name| name == descriptor.name)
    }
}

/// Where in a catalog a scrape that is written in pages goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    family: usize,
    series: usize,
    families: usize,
}

impl Cursor {
    /// Whether everything is written.
    pub(crate) fn is_at_end(&self) -> bool {
        self.family >= self.families
    }
}

impl Default for Cursor {
    /// At the beginning of a catalog of which it is not known how many families it has.
    fn default() -> Self {
        Self {
            family: 0,
            series: 0,
            families: usize::MAX,
        }
    }
}

impl fmt::Debug for Catalog<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog")
            .field(
                "families",
                &self.descriptors().map(|descriptor| descriptor.name).collect::<Vec<_>>(),
            )
            .field("max_series", &self.max_series)
            .finish()
    }
}

/// Two families of a [`Catalog`] claim the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateName {
    name: String,
}

impl DuplicateName {
    /// The name that is claimed twice.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for DuplicateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "two families of the catalog export the name `{}`: rename one of them",
            self.name
        )
    }
}

impl std::error::Error for DuplicateName {}

/// A name that no family of a [`Catalog`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    name: String,
    nearest: Option<&'static str>,
}

impl UnknownName {
    fn new(name: &str, catalog: &Catalog<'_>) -> Self {
        let known: Vec<_> = catalog.descriptors().map(|descriptor| descriptor.name).collect();
        Self {
            name: name.to_owned(),
            nearest: nearest(name, &known),
        }
    }

    /// The name that is not known.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the catalog has no metric family `{}`", self.name)?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownName {}
