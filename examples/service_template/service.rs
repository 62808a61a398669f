//! The service itself: replace it by yours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get};
use enumetrics::http::HttpLayer;

use crate::metrics::{Http, ITEMS, Stored};

type Items = Arc<Mutex<HashMap<u64, String>>>;

/// The routes, measured by the layer, and that of the metrics, where there are any.
pub fn router(layer: Option<HttpLayer<Http>>, metrics: Option<MethodRouter<Items>>) -> Router {
    let mut router = Router::new()
        .route("/items/{id}", get(item).put(store))
        .route("/admin/items", get(count))
        .route("/health", get(|| async {}));
    if let Some(metrics) = metrics {
        router = router.route("/metrics", metrics);
    }
    if let Some(layer) = layer {
        // After the routes: it measures those that there are.
        router = router.layer(layer.for_axum());
    }
    router.with_state(Items::default())
}

async fn item(State(items): State<Items>, Path(id): Path<u64>) -> Result<String, StatusCode> {
    let items = items.lock().unwrap_or_else(PoisonError::into_inner);
    items.get(&id).cloned().ok_or(StatusCode::NOT_FOUND)
}

async fn store(State(items): State<Items>, Path(id): Path<u64>, text: String) -> StatusCode {
    let replaced = items.lock().unwrap_or_else(PoisonError::into_inner).insert(id, text);
    let (stored, status) = match replaced {
        None => (Stored::Created, StatusCode::CREATED),
        Some(_) => (Stored::Replaced, StatusCode::OK),
    };
    ITEMS.items_stored_total.with(stored).inc();
    status
}

async fn count(State(items): State<Items>) -> String {
    items.lock().unwrap_or_else(PoisonError::into_inner).len().to_string()
}
