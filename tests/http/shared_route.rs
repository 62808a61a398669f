//! What is only so around the routes of axum: all requests for a route are called through one copy of it, where it is free.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::get;
use enumetrics::http::HttpLayer;
use tower::ServiceExt;

use crate::{metrics, recorded};

async fn ask(router: Router) {
    let request = Request::get("/route").body(Body::empty()).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_call_it_at_once() {
    metrics!();
    let router = Router::new()
        .route("/route", get(|| async { "ok" }))
        .layer(HttpLayer::new(&HTTP).for_axum());
    let threads = std::array::from_fn::<_, 4, _>(|_| {
        let router = router.clone();
        tokio::spawn(async move {
            for _ in 0..500 {
                ask(router.clone()).await;
            }
        })
    });
    for thread in threads {
        thread.await.unwrap();
    }
    recorded(&METRICS)
        .family("http_requests_total")
        .assert_eq(r#"http_requests_total{handler="/route",method="GET",status="2xx"} 2000"#);
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}

/// A route whose copying panics harms nobody but the request that it was copied for.
#[tokio::test]
async fn a_panic_in_the_middle_of_a_call_is_one() {
    struct Fragile(Arc<AtomicUsize>);

    impl Clone for Fragile {
        fn clone(&self) -> Self {
            // 1 is the last before it breaks.
            let broke = self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            assert_ne!(broke, Ok(1), "wanted");
            Self(Arc::clone(&self.0))
        }
    }

    metrics!();
    let copies = Arc::new(AtomicUsize::new(0));
    let router: Router = Router::new()
        .route("/route", get(|State(_): State<Fragile>| async { "ok" }))
        .layer(HttpLayer::new(&HTTP).for_axum())
        .with_state(Fragile(Arc::clone(&copies)));
    ask(router.clone()).await;
    copies.store(1, Ordering::Relaxed);
    let broken = tokio::spawn(ask(router.clone())).await;
    assert!(broken.unwrap_err().is_panic());
    ask(router).await;
    recorded(&METRICS).family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/route",method="GET",status="2xx"} 2
        http_requests_total{handler="/route",method="GET",status="5xx"} 1
    "#,
    );
    recorded(&METRICS)
        .family("http_requests_incomplete_total")
        .assert_eq(r#"http_requests_incomplete_total{handler="/route",reason="panicked"} 1"#);
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}
