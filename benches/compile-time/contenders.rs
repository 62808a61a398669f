//! The programs that are compiled: the same metrics with each crate, as its authors would write them.
//!
//! A third of the families each are counters, gauges and histograms, with one or two labels that are enums. Every family
//! is recorded into once, and all of them are printed. Structs of metrics have ten fields, where the crate has structs.

use std::fmt::Display;

/// A crate and how it is used.
pub struct Contender {
    pub name: &'static str,
    /// Lines of a Cargo.toml; `{root}` is the folder of enumetrics.
    pub dependencies: &'static str,
    /// The program with these families.
    pub source: fn(&[Family]) -> String,
}

/// Whom ratios are to.
pub const REFERENCE: &str = "prometheus";

pub const CONTENDERS: &[Contender] = &[
    Contender {
        name: "enumetrics",
        dependencies: r#"enumetrics = { path = "{root}", default-features = false }"#,
        source: |families| enumetrics(families, ""),
    },
    Contender {
        name: "enumetrics, exporter",
        dependencies: r#"enumetrics = { path = "{root}", default-features = false, features = ["exporter"] }
tokio = { version = "1.48", default-features = false, features = ["rt"] }"#,
        source: |families| enumetrics(families, ENUMETRICS_EXPORTER),
    },
    Contender {
        name: "enumetrics, all defaults",
        dependencies: r#"enumetrics = { path = "{root}" }
tokio = { version = "1.48", default-features = false, features = ["rt"] }"#,
        source: |families| enumetrics(families, ENUMETRICS_EXPORTER),
    },
    Contender {
        name: REFERENCE,
        dependencies: r#"prometheus = { version = "0.14", default-features = false }"#,
        source: prometheus,
    },
    Contender {
        name: "prometheus-client",
        dependencies: r#"prometheus-client = "0.25""#,
        source: prometheus_client,
    },
    Contender {
        name: "measured",
        dependencies: r#"measured = "0.0.25""#,
        source: measured,
    },
    Contender {
        name: "fastmetrics",
        dependencies: r#"fastmetrics = { version = "0.7", features = ["derive"] }"#,
        source: fastmetrics,
    },
    Contender {
        name: "vise",
        dependencies: r#"vise = "0.3""#,
        source: vise,
    },
    Contender {
        name: "metrics",
        dependencies: r#"metrics = "0.24"
metrics-exporter-prometheus = { version = "0.18", default-features = false }"#,
        source: |families| metrics(families, ""),
    },
    Contender {
        name: "metrics, exporter",
        dependencies: r#"metrics = "0.24"
metrics-exporter-prometheus = { version = "0.18", default-features = false, features = ["http-listener"] }"#,
        source: |families| metrics(families, METRICS_EXPORTER),
    },
];

/// One metric family of a program.
#[derive(Clone, Copy)]
pub struct Family {
    number: usize,
}

enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Family {
    pub fn first(count: usize) -> Vec<Self> {
        (0..count).map(|number| Self { number }).collect()
    }

    fn kind(self) -> Kind {
        match self.number % 3 {
            0 => Kind::Counter,
            1 => Kind::Gauge,
            _ => Kind::Histogram,
        }
    }

    fn of_kind<T>(self, counter: T, gauge: T, histogram: T) -> T {
        match self.kind() {
            Kind::Counter => counter,
            Kind::Gauge => gauge,
            Kind::Histogram => histogram,
        }
    }

    fn has_two_labels(self) -> bool {
        self.number.is_multiple_of(2)
    }

    fn by_labels<T>(self, one: T, two: T) -> T {
        if self.has_two_labels() { two } else { one }
    }

    /// The name, without what says its kind: some crates add that themselves.
    pub fn stem(self) -> String {
        format!("work_{:03}", self.number)
    }

    fn name(self) -> String {
        self.stem() + self.of_kind("_total", "_active", "_seconds")
    }

    /// Which struct it is in.
    fn group(self) -> usize {
        self.number / GROUP
    }
}

/// How many families a struct has.
const GROUP: usize = 10;

/// Text for each family, one after the other.
fn each<T: Display>(families: &[Family], text: impl Fn(Family) -> T) -> String {
    families.iter().map(|family| text(*family).to_string()).collect()
}

/// Text for each struct: its number and its families.
fn groups(families: &[Family], text: impl Fn(usize, &[Family]) -> String) -> String {
    families
        .chunks(GROUP)
        .enumerate()
        .map(|(number, group)| text(number, group))
        .collect()
}

/// The enums, with what a crate derives for them, and the two sets of labels where it wants structs.
fn labels(of_values: &str, of_sets: &str) -> String {
    let enums = format!(
        "{of_values} pub enum Route {{ Verify, Upload, Status, Search, Login }}
{of_values} pub enum Outcome {{ Ok, Error, Rejected }}
"
    );
    if of_sets.is_empty() {
        return enums;
    }
    format!(
        "{enums}{of_sets} pub struct ByRoute {{ pub route: Route }}
{of_sets} pub struct ByBoth {{ pub route: Route, pub outcome: Outcome }}
const BY_ROUTE: ByRoute = ByRoute {{ route: Route::Search }};
const BY_BOTH: ByBoth = ByBoth {{ route: Route::Search, outcome: Outcome::Error }};
"
    )
}

const BOUNDS: &str = "[0.01, 0.1, 0.5, 1.0, 5.0]";

const ENUMETRICS_EXPORTER: &str = r#"
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = enumetrics::Exporter::new(&METRICS).bind("127.0.0.1:0").await.unwrap();
        server.run_until(std::future::ready(())).await;
    });"#;

fn enumetrics(families: &[Family], main: &str) -> String {
    let labels = labels("#[derive(enumetrics::LabelValue, Clone, Copy)]", "");
    let structs = groups(families, |number, group| {
        let fields = each(group, |family| {
            let labels = family.by_labels("Route", "Both");
            let buckets = family.of_kind(String::new(), String::new(), format!("#[metric(buckets = {BOUNDS})]"));
            let kind = family.of_kind("Counter", "Gauge", "Histogram");
            format!("/// Work.\n{buckets} pub {}: {kind}<{labels}>,\n", family.name())
        });
        format!(
            "#[metric_family(namespace = \"app\")]
pub struct Metrics{number} {{ {fields} }}
pub static METRICS_{number}: Metrics{number} = Metrics{number}::new();
"
        )
    });
    let all = groups(families, |number, _| format!("METRICS_{number},"));
    let record = each(families, |family| {
        let labels = family.by_labels("Route::Search", "BOTH");
        let record = family.of_kind("inc()", "set(3)", "observe(0.2)");
        format!(
            "METRICS_{}.{}.with({labels}).{record};\n",
            family.group(),
            family.name()
        )
    });
    format!(
        "use enumetrics::{{Counter, Gauge, Histogram, LabelSet, catalog, metric_family}};
{labels}
#[derive(LabelSet, Clone, Copy)] pub struct Both {{ pub route: Route, pub outcome: Outcome }}
const BOTH: Both = Both {{ route: Route::Search, outcome: Outcome::Error }};
{structs}
catalog! {{ pub static METRICS = [{all}]; }}
fn record() {{ {record} }}
fn main() {{
    record();
    println!(\"{{}}\", METRICS.render());{main}
}}
"
    )
}

fn prometheus(families: &[Family]) -> String {
    let labels = labels("#[derive(Clone, Copy)]", "");
    let statics = each(families, |family| {
        let names = family.by_labels(r#"&["route"]"#, r#"&["route", "outcome"]"#);
        let kind = family.of_kind("IntCounterVec", "IntGaugeVec", "HistogramVec");
        let register = family.of_kind("int_counter", "int_gauge", "histogram");
        let buckets = family.of_kind(String::new(), String::new(), format!(", vec!{BOUNDS}"));
        let name = family.name();
        format!(
            "pub static {}: LazyLock<{kind}> = LazyLock::new(|| register_{register}_vec!(\"app_{name}\", \"Work.\", {names}{buckets}).unwrap());\n",
            name.to_uppercase()
        )
    });
    let record = each(families, |family| {
        let labels = family.by_labels(
            "Route::Search.as_str()",
            "Route::Search.as_str(), Outcome::Error.as_str()",
        );
        let record = family.of_kind("inc()", "set(3)", "observe(0.2)");
        format!(
            "{}.with_label_values(&[{labels}]).{record};\n",
            family.name().to_uppercase()
        )
    });
    format!(
        r#"use std::sync::LazyLock;
use prometheus::{{HistogramVec, IntCounterVec, IntGaugeVec, register_histogram_vec, register_int_counter_vec, register_int_gauge_vec}};
{labels}{AS_STR}{statics}
fn record() {{ {record} }}
fn main() {{
    record();
    println!("{{}}", prometheus::TextEncoder::new().encode_to_string(&prometheus::gather()).unwrap());
}}
"#
    )
}

/// For crates whose labels are texts.
const AS_STR: &str = r#"
impl Route {
    fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify", Self::Upload => "upload", Self::Status => "status", Self::Search => "search", Self::Login => "login",
        }
    }
}
impl Outcome {
    fn as_str(self) -> &'static str {
        match self { Self::Ok => "ok", Self::Error => "error", Self::Rejected => "rejected" }
    }
}
"#;

fn prometheus_client(families: &[Family]) -> String {
    let labels = labels(
        "#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]",
        "#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]",
    );
    let kind = |family: Family| family.of_kind("Counter", "Gauge", "Histogram");
    let structs = groups(families, |number, group| {
        let fields = each(group, |family| {
            let labels = family.by_labels("ByRoute", "ByBoth");
            format!("pub {}: Family<{labels}, {}>,\n", family.name(), kind(family))
        });
        let new = each(group, |family| {
            let histogram = format!("Family::new_with_constructor(|| Histogram::new({BOUNDS}))");
            let default = "Family::default()".to_owned();
            format!(
                "{}: {},\n",
                family.name(),
                family.of_kind(default.clone(), default, histogram)
            )
        });
        let register = each(group, |family| {
            // This crate adds `_total` itself.
            let registered = family.of_kind(family.stem(), family.name(), family.name());
            format!(
                "registry.register(\"app_{registered}\", \"Work\", metrics.{}.clone());\n",
                family.name()
            )
        });
        format!(
            "pub struct Metrics{number} {{ {fields} }}
impl Metrics{number} {{
    fn new(registry: &mut Registry) -> Self {{ let metrics = Self {{ {new} }}; {register} metrics }}
}}
"
        )
    });
    let new = groups(families, |number, _| {
        format!("let metrics_{number} = Metrics{number}::new(&mut registry);\n")
    });
    let record = each(families, |family| {
        let labels = family.by_labels("BY_ROUTE", "BY_BOTH");
        let record = family.of_kind("inc()", "set(3)", "observe(0.2)");
        format!(
            "metrics_{}.{}.get_or_create(&{labels}).{record};\n",
            family.group(),
            family.name()
        )
    });
    format!(
        r#"use prometheus_client::encoding::{{EncodeLabelSet, EncodeLabelValue, text}};
use prometheus_client::metrics::{{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram}};
use prometheus_client::registry::Registry;
{labels}{structs}
fn main() {{
    let mut registry = Registry::default();
    {new}{record}
    let mut page = String::new();
    text::encode(&mut page, &registry).unwrap();
    println!("{{page}}");
}}
"#
    )
}

fn measured(families: &[Family]) -> String {
    let values = "#[derive(Clone, Copy, measured::FixedCardinalityLabel)] #[label(rename_all = \"snake_case\")]";
    let set = |name: &str, fields: &str| {
        format!(
            "#[derive(Clone, Copy, measured::LabelGroup)] #[label(set = {name}Set)] pub struct {name} {{ {fields} }}\n"
        )
    };
    let sets = set("ByRoute", "pub route: Route") + &set("ByBoth", "pub route: Route, pub outcome: Outcome");
    let labels = labels(values, "");
    let structs = groups(families, |number, group| {
        let fields = each(group, |family| {
            let labels = family.by_labels("ByRouteSet", "ByBothSet");
            let metadata = family.of_kind("", "", "#[metric(metadata = Thresholds::with_buckets(BOUNDS))]");
            let kind = family.of_kind("CounterVec", "GaugeVec", "HistogramVec");
            let buckets = family.of_kind("", "", ", 5");
            format!(
                "/// Work.\n{metadata} pub {}: {kind}<{labels}{buckets}>,\n",
                family.name()
            )
        });
        format!("#[derive(MetricGroup)] #[metric(new())] pub struct Metrics{number} {{ {fields} }}\n")
    });
    let new = groups(families, |number, _| {
        format!("let metrics_{number} = Metrics{number}::new();\n")
    });
    let record = each(families, |family| {
        let labels = family.by_labels("BY_ROUTE", "BY_BOTH");
        let (method, value) = family.of_kind(("inc", ""), ("set", ", 3"), ("observe", ", 0.2"));
        format!(
            "metrics_{}.{}.{method}({labels}{value});\n",
            family.group(),
            family.name()
        )
    });
    let collect = groups(families, |number, _| {
        format!("metrics_{number}.collect_group_into(&mut encoder).unwrap();\n")
    });
    format!(
        r#"use measured::{{CounterVec, GaugeVec, HistogramVec, MetricGroup, metric::histogram::Thresholds, text::BufferedTextEncoder}};
{labels}{sets}
const BOUNDS: [f64; 5] = {BOUNDS};
const BY_ROUTE: ByRoute = ByRoute {{ route: Route::Search }};
const BY_BOTH: ByBoth = ByBoth {{ route: Route::Search, outcome: Outcome::Error }};
{structs}
fn main() {{
    {new}{record}
    let mut encoder = BufferedTextEncoder::new();
    {collect}
    println!("{{}}", String::from_utf8_lossy(&encoder.finish()));
}}
"#
    )
}

fn fastmetrics(families: &[Family]) -> String {
    let labels = labels(
        "#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]",
        "#[derive(Clone, Debug, PartialEq, Eq, Hash, LabelSet)]",
    );
    let structs = groups(families, |number, group| {
        let fields = each(group, |family| {
            let labels = family.by_labels("ByRoute", "ByBoth");
            let kind = family.of_kind("Counter", "Gauge", "Histogram");
            // This crate adds `_total` itself.
            let name = family.of_kind(family.stem(), family.name(), family.name());
            format!("/// Work\npub {name}: Family<{labels}, {kind}>,\n")
        });
        let new = each(group, |family| {
            let name = family.of_kind(family.stem(), family.name(), family.name());
            let histogram = format!("Family::new(|| Histogram::new({BOUNDS}))");
            let default = "Family::default()".to_owned();
            format!("{name}: {},\n", family.of_kind(default.clone(), default, histogram))
        });
        format!(
            "#[derive(Register)] pub struct Metrics{number} {{ {fields} }}
impl Metrics{number} {{ fn new() -> Self {{ Self {{ {new} }} }} }}
"
        )
    });
    let new = groups(families, |number, _| {
        format!("let metrics_{number} = Metrics{number}::new(); metrics_{number}.register(&mut registry).unwrap();\n")
    });
    let record = each(families, |family| {
        let labels = family.by_labels("BY_ROUTE", "BY_BOTH");
        let name = family.of_kind(family.stem(), family.name(), family.name());
        let record = family.of_kind("inc()", "set(3)", "observe(0.2)");
        format!(
            "metrics_{}.{name}.with_or_new(&{labels}, |metric| {{ metric.{record}; }});\n",
            family.group()
        )
    });
    format!(
        r#"use fastmetrics::derive::*;
use fastmetrics::format::text::{{self, TextProfile}};
use fastmetrics::metrics::{{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram}};
use fastmetrics::registry::*;
{labels}{structs}
fn main() {{
    let mut registry = Registry::builder().with_namespace("app").build().unwrap();
    {new}{record}
    let mut page = String::new();
    text::encode(&mut page, &registry, TextProfile::default()).unwrap();
    println!("{{page}}");
}}
"#
    )
}

fn vise(families: &[Family]) -> String {
    let labels = labels(
        "#[derive(Clone, Debug, PartialEq, Eq, Hash, vise::EncodeLabelValue)] #[metrics(rename_all = \"snake_case\")]",
        "#[derive(Clone, Debug, PartialEq, Eq, Hash, vise::EncodeLabelSet)]",
    );
    // This crate adds `_total` itself.
    let name = |family: Family| family.of_kind(family.stem(), family.name(), family.name());
    let structs = groups(families, |number, group| {
        let fields = each(group, |family| {
            let labels = family.by_labels("ByRoute", "ByBoth");
            let kind = family.of_kind("Counter", "Gauge", "Histogram");
            let buckets = family.of_kind("", "", "#[metrics(buckets = Buckets::values(&BOUNDS))]");
            format!("/// Work\n{buckets} pub {}: Family<{labels}, {kind}>,\n", name(family))
        });
        format!(
            "#[derive(Debug, Metrics)] #[metrics(prefix = \"app\")] pub struct Metrics{number} {{ {fields} }}
#[vise::register] static METRICS_{number}: Global<Metrics{number}> = Global::new();
"
        )
    });
    let record = each(families, |family| {
        let labels = family.by_labels("BY_ROUTE", "BY_BOTH");
        let record = family.of_kind("inc()", "set(3)", "observe(0.2)");
        format!("METRICS_{}.{}[&{labels}].{record};\n", family.group(), name(family))
    });
    format!(
        r#"use vise::{{Buckets, Counter, Family, Format, Gauge, Global, Histogram, Metrics, MetricsCollection}};
{labels}
const BOUNDS: [f64; 5] = {BOUNDS};
{structs}
fn record() {{ {record} }}
fn main() {{
    record();
    let mut page = String::new();
    MetricsCollection::default().collect().encode(&mut page, Format::OpenMetrics).unwrap();
    println!("{{page}}");
}}
"#
    )
}

/// A recorder can be installed once only: what is compiled is not run.
const METRICS_EXPORTER: &str = r#"
    if std::env::args().len() > 1 {
        PrometheusBuilder::new().with_http_listener(([127, 0, 0, 1], 0)).install().unwrap();
    }"#;

fn metrics(families: &[Family], main: &str) -> String {
    let labels = labels("#[derive(Clone, Copy)]", "");
    let record = each(families, |family| {
        let labels = family.by_labels(
            r#""route" => Route::Search.as_str()"#,
            r#""route" => Route::Search.as_str(), "outcome" => Outcome::Error.as_str()"#,
        );
        let (kind, record) = family.of_kind(
            ("counter", "increment(1)"),
            ("gauge", "set(3)"),
            ("histogram", "record(0.2)"),
        );
        format!("{kind}!(\"app_{}\", {labels}).{record};\n", family.name())
    });
    let describe = each(families, |family| {
        let kind = family.of_kind("counter", "gauge", "histogram");
        format!("describe_{kind}!(\"app_{}\", \"Work.\");\n", family.name())
    });
    format!(
        r#"use metrics::{{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram}};
use metrics_exporter_prometheus::PrometheusBuilder;
{labels}{AS_STR}
fn record() {{ {describe}{record} }}
fn main() {{
    let handle = PrometheusBuilder::new().set_buckets(&{BOUNDS}).unwrap().install_recorder().unwrap();
    record();
    println!("{{}}", handle.render());{main}
}}
"#
    )
}
