//! The service itself: replace it by yours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get};

use crate::metrics::{ITEMS, Stored};

type Items = Arc<Mutex<HashMap<u64, String>>>;

/// The routes, and that of the metrics, where there are any.
pub fn router(metrics: Option<MethodRouter<Items>>) -> Router {
    let mut router = Router::new()
        .route("/items/{id}", get(item).put(store))
        .route("/admin/items", get(count))
        .route("/health", get(|| async {}));
    if let Some(metrics) = metrics {
        router = router.route("/metrics", metrics);
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
