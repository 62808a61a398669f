//! The HTTP layer with servers and clients that others made, and with crowds of clients.

mod beside;
mod crowd;
mod grpc;
mod outgoing;

use std::time::Duration;

use enumetrics::Catalog;
use enumetrics::testing::Samples;

/// Waits until a series has a value: one side may notice later than the other that a call has ended.
async fn until(catalog: &Catalog<'_>, series: &str, value: f64) {
    let reached = async {
        while Samples::of(catalog).get(series) != Some(value) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(60), reached).await.is_err() {
        panic!("{series} does not become {value}:\n{}", catalog.render());
    }
}
