use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use super::sealed::Sealed;
use super::{Metric, Reading};
use crate::descriptor::{Kind, LabelDescriptor};
use crate::label::LabelValue;

/// Texts that are known once the program runs, such as its version: one series of value 1, whose labels are the fields
/// of `T`, which derives `InfoLabels`.
///
/// It is not exported before it is [set](Self::set), unless it has no labels of its own: an `Info<()>` has the constant
/// labels of its struct, and nothing to be set. Its name ends in `_info`. In a query it brings its labels to other
/// metrics: `up * on (instance) group_left (version) app_build_info`.
///
/// ```
/// # use enumetrics_macros::InfoLabels;
/// # use enumetrics_runtime::Info;
/// #[derive(InfoLabels)]
/// # #[label(crate = enumetrics_runtime)]
/// pub struct Build {
///     pub version: &'static str,
///     pub revision: String,
/// }
///
/// static BUILD: Info<Build> = Info::new();
///
/// BUILD.set(Build { version: "1.4.2", revision: "9c1f".to_owned() });
/// ```
pub struct Info<T: InfoLabels> {
    // A lock is good enough: it is set at start-up, and a scrape holds it for no longer than it takes to count up.
    texts: Mutex<Option<InfoTexts>>,
    labels: PhantomData<fn(T)>,
}

impl<T: InfoLabels> Info<T> {
    /// The most time series that this metric exports.
    pub const MAX_SERIES: usize = 1;

    /// An info metric that is not set.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            texts: Mutex::new(None),
            labels: PhantomData,
        }
    }

    /// Sets the labels. Those that were set before are gone: there is one series at any time.
    ///
    /// Unlike a recording this allocates, and waits where another thread sets the labels at the same time.
    pub fn set(&self, labels: T) {
        let texts = labels.into_texts();
        *self.texts.lock().unwrap_or_else(PoisonError::into_inner) = Some(texts);
    }

    fn get(&self) -> Option<InfoTexts> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        texts.or_else(|| T::IS_CONSTANT.then(InfoTexts::default))
    }

    without!(buckets, quantiles, compute(()));
}

/// The texts of an info metric, in the order of its labels.
pub type InfoTexts = Arc<[Cow<'static, str>]>;

/// The labels of an [`Info`] metric: a struct that derives `InfoLabels`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no texts for an info metric [info-labels]",
    label = "does not derive `InfoLabels`",
    note = "an info metric has a struct with a text for each label: `#[derive(InfoLabels)]`"
)]
pub trait InfoLabels: 'static {
    /// The labels, in the order in which they are written; their values are not known to the compiler.
    const LABELS: &'static [LabelDescriptor];

    /// Whether there is nothing to be set.
    #[doc(hidden)]
    const IS_CONSTANT: bool = false;

    /// The values, one for each label.
    #[doc(hidden)]
    fn into_texts(self) -> InfoTexts;
}

/// No labels but those that are constant.
#[diagnostic::do_not_recommend]
impl InfoLabels for () {
    const LABELS: &'static [LabelDescriptor] = &[];
    const IS_CONSTANT: bool = true;

    fn into_texts(self) -> InfoTexts {
        InfoTexts::default()
    }
}

/// What a field of a struct that derives [`InfoLabels`] can be: a text, or an enum that derives `LabelValue`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no text [info-labels]",
    label = "neither a text nor a label value",
    note = "a field is a `&'static str`, a `String`, a `Cow<'static, str>` or an enum that derives `LabelValue`"
)]
pub trait InfoText {
    #[doc(hidden)]
    fn into_text(self) -> Cow<'static, str>;
}

impl InfoText for &'static str {
    fn into_text(self) -> Cow<'static, str> {
        self.into()
    }
}

impl InfoText for String {
    fn into_text(self) -> Cow<'static, str> {
        self.into()
    }
}

impl InfoText for Cow<'static, str> {
    fn into_text(self) -> Self {
        self
    }
}

impl<V: LabelValue> InfoText for V {
    fn into_text(self) -> Cow<'static, str> {
        self.value().into()
    }
}

impl<T: InfoLabels> Sealed for Info<T> {}

impl<T: InfoLabels> Metric for Info<T> {
    const KIND: Kind = Kind::Info;
    const LABELS: &'static [LabelDescriptor] = T::LABELS;
    const NEW: Self = Self::new();
    type WithBuckets<const N: usize> = Self;
    type WithQuantiles<const N: usize> = Self;
    type Shared = Self;
    type Traced = Self;
    type Sparse = Self;
    type Native = Self;

    fn read(&self) -> Reading<'_> {
        self.get().map_or(Reading::Absent, Reading::Info)
    }
}

impl<T: InfoLabels> Default for Info<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: InfoLabels> fmt::Debug for Info<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.get();
        let names = T::LABELS.iter().map(|label| label.name);
        f.debug_map()
            .entries(names.zip(texts.iter().flat_map(|texts| texts.iter())))
            .finish()
    }
}
