//! Texts that are told apart: names of labels, and the values of one.

use std::ops::Deref;

/// Names of labels or values of one, each once and in order.
///
/// ```
/// use enumetrics_promql::Names;
///
/// let names: Names = ["job", "code", "job"].map(str::to_owned).into_iter().collect();
/// assert_eq!(*names, ["code", "job"]);
/// ```
// A sorted list: a `BTreeSet` takes longer to compile than everything that is done with it here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// Adds one.
    pub fn insert(&mut self, name: &str) {
        if let Err(place) = self.place(name) {
            self.0.insert(place, name.to_owned());
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Ok(place) = self.place(name) {
            self.0.remove(place);
        }
    }

    pub(crate) fn retain(&mut self, keeps: &dyn Fn(&str) -> bool) {
        self.0.retain(|name| keeps(name));
    }

    /// Those that others have, too.
    pub(crate) fn and(mut self, others: &Self) -> Self {
        self.retain(&|name| others.has(name));
        self
    }

    /// With others.
    pub(crate) fn or(mut self, others: &Self) -> Self {
        for name in &others.0 {
            self.insert(name);
        }
        self
    }

    pub(crate) fn is_disjoint(&self, others: &Self) -> bool {
        !self.0.iter().any(|name| others.has(name))
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|own| own.as_str().cmp(name))
    }
}

impl Deref for Names {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let mut all = Self::new();
        for name in names {
            all.insert(&name);
        }
        all
    }
}

/// The only values that labels can have. What isn't here has any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values(Vec<(String, Names)>);

impl Values {
    pub(crate) fn get(&self, label: &str) -> Option<&Names> {
        let place = self.place(label).ok()?;
        Some(&self.0[place].1)
    }

    pub(crate) fn get_mut(&mut self, label: &str) -> Option<&mut Names> {
        let place = self.place(label).ok()?;
        Some(&mut self.0[place].1)
    }

    pub(crate) fn insert(&mut self, label: &str, values: Names) {
        match self.place(label) {
            Ok(place) => self.0[place].1 = values,
            Err(place) => self.0.insert(place, (label.to_owned(), values)),
        }
    }

    pub(crate) fn remove(&mut self, label: &str) {
        if let Ok(place) = self.place(label) {
            self.0.remove(place);
        }
    }

    fn place(&self, label: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own.as_str().cmp(label))
    }
}

impl Deref for Values {
    type Target = [(String, Names)];

    fn deref(&self) -> &[(String, Names)] {
        &self.0
    }
}

/// `a, b, c`
pub(crate) fn joined<T: AsRef<str>>(texts: &[T], separator: &str) -> String {
    let mut all = String::new();
    for text in texts {
        if !all.is_empty() {
            all.push_str(separator);
        }
        all.push_str(text.as_ref());
    }
    all
}
