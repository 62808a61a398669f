//! axum-prometheus: its layer, into the recorder of metrics.

use axum_prometheus::BaseMetricLayer;

use super::metrics::install;
use crate::bench::Bench;
use crate::http::{client, router};
use crate::rows::HTTP;

pub fn enter(bench: &mut Bench) {
    bench.call(&[HTTP], "axum-prometheus", || {
        install();
        client(router().layer(BaseMetricLayer::new()))
    });
}
