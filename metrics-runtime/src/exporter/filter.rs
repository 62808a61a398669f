//! Which families a client asks for: `/metrics?name[]=kyc_verifications_total&name[]=kyc_sessions`.
//!
//! As in Prometheus' client library for Java, where the parameter comes from.

/// Names of families or of their samples; all of them, if none is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter(Vec<String>);

impl Filter {
    /// What the query of a request asks for. Parameters of other names are others' (Prometheus' `params`).
    pub(super) fn from_query(query: Option<&str>) -> Self {
        let parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let mut names: Vec<_> = parameters
            .filter(|(parameter, name)| parameter == "name[]" && !name.is_empty())
            .map(|(_, name)| name.into_owned())
            .collect();
        // However they are written, they ask for the same.
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    pub(super) fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it asks for a family whose samples have these suffixes.
    pub(super) fn wants(&self, family: &str, suffixes: &[&str]) -> bool {
        let is_asked_for = |name: &String| {
            // What OpenMetrics calls a counter.
            let is_family = name == family || family.strip_suffix("_total") == Some(name);
            is_family
                || name
                    .strip_prefix(family)
                    .is_some_and(|suffix| suffixes.contains(&suffix))
        };
        self.is_everything() || self.0.iter().any(is_asked_for)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn wants(query: &str, family: &str, kind: Kind) -> bool {
        Filter::from_query(Some(query)).wants(family, kind.sample_suffixes())
    }

    #[test]
    fn without_names_it_is_everything() {
        for query in [
            None,
            Some(""),
            Some("x=y"),
            Some("name=a"),
            Some("name[]="),
            Some("&&=&%zz"),
        ] {
            assert!(Filter::from_query(query).is_everything(), "{query:?}");
            assert!(Filter::from_query(query).wants("a", &[""]));
        }
    }

    #[test]
    fn a_family_goes_by_its_name_and_by_its_samples() {
        for name in ["a_seconds", "a_seconds_bucket", "a_seconds_sum", "a_seconds_count"] {
            assert!(wants(&format!("name[]={name}"), "a_seconds", Kind::Histogram), "{name}");
        }
        for name in ["a", "a_seconds_total", "b_seconds", "a_seconds_bucket_x"] {
            assert!(
                !wants(&format!("name[]={name}"), "a_seconds", Kind::Histogram),
                "{name}"
            );
        }
        assert!(wants("name[]=a_total", "a_total", Kind::Counter));
        assert!(wants("name[]=a", "a_total", Kind::Counter));
        assert!(!wants("name[]=a_bucket", "a", Kind::Gauge));
    }

    #[test]
    fn several_are_wanted_and_brackets_may_be_encoded() {
        for query in [
            "name[]=a&x=1&name[]=b",
            "name%5B%5D=b&name%5b%5d=a",
            "name[]=b&name[]=a&name[]=b",
        ] {
            let filter = Filter::from_query(Some(query));
            assert_eq!(filter, Filter(vec!["a".to_owned(), "b".to_owned()]), "{query}");
            assert!(filter.wants("a", &[""]) && filter.wants("b", &[""]) && !filter.wants("c", &[""]));
        }
    }
}
