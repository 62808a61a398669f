use std::fmt;

use serde_json::{Value, json};

use super::{Catalogue, Entry};
use crate::metric::NativeBuckets;

/// Of the JSON that is written. A field that is added needs no new one; one that goes or means something else does.
const VERSION: u64 = 1;

impl Catalogue {
    /// The catalogue for programs: `{"version": 1, "metrics": [{"name": …, "kind": …, …}]}`, with the fields of [`Entry`].
    #[must_use]
    pub fn to_json(&self) -> String {
        let metrics: Vec<_> = self.metrics.iter().map(to_value).collect();
        format!("{:#}\n", json!({ "version": VERSION, "metrics": metrics }))
    }

    /// A catalogue that [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// [`CatalogueError`] when it is no JSON, or a field is missing or of another type, or a newer version wrote it that
    /// means something else by the fields.
    pub fn from_json(text: &str) -> Result<Self, CatalogueError> {
        let value: Value = serde_json::from_str(text).map_err(|error| CatalogueError(error.to_string()))?;
        match &value["version"] {
            // The first catalogues had none.
            Value::Null => {}
            version => match version.as_u64() {
                Some(1..=VERSION) => {}
                Some(newer) if newer > VERSION => {
                    return Err(CatalogueError(format!(
                        "its version is {newer}, and this program reads up to {VERSION}: use a newer enumetrics"
                    )));
                }
                _ => return Err(missing("version", "a whole number from 1")),
            },
        }
        let metrics = value["metrics"]
            .as_array()
            .ok_or_else(|| missing("metrics", "a list"))?;
        let metrics = metrics.iter().map(from_value).collect::<Result<_, _>>()?;
        Ok(Self { metrics })
    }
}

fn to_value(metric: &Entry) -> Value {
    let labels = metric
        .labels
        .iter()
        .map(|(name, values)| json!({ "name": name, "values": values }));
    let constant = metric
        .constant_labels
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }));
    let mut value = json!({
        "name": metric.name,
        "kind": metric.kind,
        "unit": metric.unit,
        "help": metric.help,
        "labels": labels.collect::<Vec<_>>(),
        "constant_labels": constant.collect::<Vec<_>>(),
        "buckets": metric.buckets,
        "quantiles": metric.quantiles,
        "slo": metric.slo,
        "max_series": metric.max_series,
        "deprecated": metric.deprecated,
        "renamed_to": metric.renamed_to,
        "file": metric.file,
    });
    if let Some(native) = &metric.native {
        value["native"] = json!({
            "schema": native.schema,
            "max_buckets": native.max_buckets,
            "zero_threshold": native.zero_threshold,
        });
    }
    if let Some(form) = &metric.form {
        value["form"] = json!(form);
    }
    value
}

fn from_value(value: &Value) -> Result<Entry, CatalogueError> {
    let name = text(value, "name")?;
    let entry = || -> Result<Entry, CatalogueError> {
        Ok(Entry {
            name: name.clone(),
            kind: text(value, "kind")?,
            unit: optional(value, "unit"),
            help: text(value, "help")?,
            labels: list(value, "labels", |label| {
                Ok((text(label, "name")?, list(label, "values", string)?))
            })?,
            constant_labels: list(value, "constant_labels", |label| {
                Ok((text(label, "name")?, text(label, "value")?))
            })?,
            buckets: list(value, "buckets", number)?,
            native: native(&value["native"])?,
            quantiles: list(value, "quantiles", number)?,
            slo: list(value, "slo", number)?,
            max_series: value["max_series"]
                .as_u64()
                .and_then(|series| usize::try_from(series).ok())
                .ok_or_else(|| missing("max_series", "a whole number"))?,
            form: optional(value, "form"),
            deprecated: optional(value, "deprecated"),
            renamed_to: optional(value, "renamed_to"),
            file: optional(value, "file"),
        })
    };
    entry().map_err(|CatalogueError(error)| CatalogueError(format!("{name}: {error}")))
}

fn native(value: &Value) -> Result<Option<NativeBuckets>, CatalogueError> {
    if value.is_null() {
        return Ok(None);
    }
    let schema = value["schema"].as_i64().and_then(|schema| i8::try_from(schema).ok());
    let max_buckets = value["max_buckets"]
        .as_u64()
        .and_then(|most| usize::try_from(most).ok());
    let zero_threshold = value["zero_threshold"].as_f64();
    match (schema, max_buckets, zero_threshold) {
        (Some(schema), Some(max_buckets), Some(zero_threshold)) => {
            Ok(Some(NativeBuckets::__of(schema, max_buckets, zero_threshold)))
        }
        _ => Err(missing("native", "a schema, a number of buckets and a threshold")),
    }
}

fn text(value: &Value, field: &str) -> Result<String, CatalogueError> {
    optional(value, field).ok_or_else(|| missing(field, "a text"))
}

fn optional(value: &Value, field: &str) -> Option<String> {
    value[field].as_str().map(str::to_owned)
}

fn list<T>(
    value: &Value,
    field: &str,
    element: impl FnMut(&Value) -> Result<T, CatalogueError>,
) -> Result<Vec<T>, CatalogueError> {
    let elements = value[field].as_array().ok_or_else(|| missing(field, "a list"))?;
    elements.iter().map(element).collect()
}

fn string(value: &Value) -> Result<String, CatalogueError> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| missing("values", "a list of texts"))
}

fn number(value: &Value) -> Result<f64, CatalogueError> {
    value.as_f64().ok_or_else(|| missing("buckets", "a list of numbers"))
}

fn missing(field: &str, what: &str) -> CatalogueError {
    CatalogueError(format!("`{field}` is not {what}"))
}

/// A text that is no catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueError(String);

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a catalogue in JSON: {}", self.0)
    }
}

impl std::error::Error for CatalogueError {}
