//! The rules from which nothing is excepted, and why not; `docs/rules.md` says the same in the section of each.

/// Why nothing is excepted from this rule, and what to do instead, if it is such a rule.
pub(super) fn reason(rule: &str) -> Option<&'static str> {
    let refused = REFUSED.iter().find(|(id, _)| *id == rule);
    refused.map(|(_, reason)| *reason)
}

const REFUSED: &[(&str, &str)] = &[
    (
        "allow-reason",
        "an exception without a reason would stay for ever; write one",
    ),
    (
        "allow-rule",
        "an exception that excepts from nothing misleads; remove it",
    ),
    (
        "bucket-bound",
        "Prometheus would refuse such buckets, or compute wrong quantiles; correct the bound",
    ),
    ("bucket-kind", "nothing would be counted in the buckets; remove them"),
    (
        "bucket-missing",
        "nothing would be known of what is observed but its mean, which a `Summary` has; say the bounds",
    ),
    (
        "bucket-slo",
        "between two bounds it cannot be measured; add the bound, or remove `slo`",
    ),
    (
        "calls-type",
        "a field of another type has no calls to count; make it `Calls`",
    ),
    ("compute-kind", "what is recorded would be lost; remove `compute`"),
    (
        "compute-missing",
        "the metric would not be exported; say what computes it, or `later`",
    ),
    ("exemplar-kind", "no format has a place for them; remove `exemplars`"),
    ("family-type", "metrics are the fields of such a struct; write one"),
    ("info-labels", "labels need names and texts; write such a struct"),
    (
        "instance-count",
        "an instance would have no value, or a value no instance; make as many as there are values",
    ),
    (
        "label-duplicate",
        "Prometheus refuses a scrape in which a series has a label twice; rename one",
    ),
    (
        "label-impossible",
        "what the rule means would not be what it does; correct it",
    ),
    (
        "label-nested",
        "a set has several labels, and one name does not do; rename them in the set",
    ),
    (
        "label-open",
        "nothing but the room that is declared bounds its series, and the compiler does not know its values; follow the message",
    ),
    (
        "label-reserved",
        "whatever has the label is taken for a bucket, a quantile or Prometheus' own; choose another name",
    ),
    (
        "label-type",
        "where values have no bounds, series have none; use an enum, or an `open_label!` with a cap",
    ),
    (
        "label-value",
        "two values would be one series, or a value no label; give each variant a text of its own",
    ),
    ("metric-type", "nothing else can be exported; use one of these types"),
    (
        "name-duplicate",
        "one of the two would be lost, or the whole scrape; rename one",
    ),
    (
        "name-grammar",
        "servers before Prometheus 3 refuse the whole scrape, and a colon is taken for a rule's; choose another name",
    ),
    ("native-kind", "nothing would be counted in them; remove `native`"),
    (
        "native-max-buckets",
        "nothing could be counted; allow one bucket at least",
    ),
    ("native-schema", "Prometheus would refuse it; choose another"),
    (
        "native-zero-threshold",
        "nothing could be told from zero; choose another",
    ),
    (
        "number-list",
        "nothing else can be read as numbers; write a list of `f64`",
    ),
    ("option-conflict", "one of the two would be ignored; remove it"),
    (
        "option-form",
        "what it means is not known; write it as the message says",
    ),
    (
        "option-unknown",
        "what it means is not known; write it as the message says",
    ),
    ("quantile-bound", "there is no such quantile; correct it"),
    ("quantile-kind", "nothing would be computed; remove `quantiles`"),
    (
        "quantile-missing",
        "an empty list asks for nothing; remove it, or add one",
    ),
    ("quantile-window", "there would be nothing to look back at; correct it"),
    (
        "record-series",
        "there would be no series to record with; name the combination",
    ),
    (
        "record-value",
        "a number of an unknown unit would be taken for another; convert it",
    ),
    ("series-budget", "the budget is yours; raise `max_series`"),
    ("series-wide", "`sparse` and `dense` say the same; write one of them"),
    ("shared-kind", "it would do nothing; remove `shared`"),
    (
        "sparse-kind",
        "what is 0 would be taken for what was never recorded; remove `sparse`",
    ),
    ("syntax", "what it means is not known; write it as the message says"),
    (
        "timed-error",
        "errors would have no kind to be counted by; follow the message",
    ),
    ("timed-function", "there is nothing to time; follow the message"),
    (
        "timed-label",
        "there would be no series to record with; correct the label",
    ),
    (
        "timed-metric",
        "there would be nothing to record into; name such a static",
    ),
    (
        "touched-kind",
        "series would disappear when they are 0 again; remove `touched`",
    ),
    (
        "touched-labels",
        "there are no such labels to decide; correct the number",
    ),
];
