//! Which handler a request is counted under: a template, whatever the client makes up.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use enumetrics::http::{HandledBy, HttpLayer};
use tower::{Layer, ServiceExt};

use super::measured;
use crate::wire::exchange;
use crate::{metrics, recorded, serve};

#[tokio::test]
async fn templates_are_those_of_the_router_however_it_is_put_together() {
    metrics!();
    let users = Router::new()
        .route("/", get(|| async {}))
        .route("/{id}", get(|| async {}).post(|| async {}));
    let files = Router::new().route("/{*path}", get(|| async {}));
    let router = Router::new()
        .route("/", get(|| async {}))
        .nest("/v1", Router::new().nest("/users", users))
        .merge(Router::new().nest("/files/{bucket}", files));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    for path in [
        "/",
        "/?page=1",
        "/v1/users",
        "/v1/users/7",
        "/v1/users/8?x=y",
        "/files/b/a/b/c.txt",
    ] {
        let answer = exchange(address, "GET", path, "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    recorded(&METRICS).family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/",method="GET",status="2xx"} 2
        http_requests_total{handler="/v1/users",method="GET",status="2xx"} 1
        http_requests_total{handler="/v1/users/{id}",method="GET",status="2xx"} 2
        http_requests_total{handler="/files/{bucket}/{*path}",method="GET",status="2xx"} 1
    "#,
    );
}

#[tokio::test]
async fn what_leads_nowhere_is_one_handler_and_a_wrong_method_has_its_template() {
    metrics!(#[http(statuses = enumetrics::http::ExactStatus)]);
    let router = Router::new()
        .route("/users/{id}", post(|| async {}))
        .fallback(|| async { (StatusCode::NOT_FOUND, "no") });
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    for (method, path) in [
        ("GET", "/users/7"),
        ("BREW", "/users/7"),
        ("POST", "/users/7/x"),
        ("FOO", "/.env"),
    ] {
        exchange(address, method, path, "").await;
    }
    recorded(&METRICS).family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/users/{id}",method="GET",status="405"} 1
        http_requests_total{handler="/users/{id}",method="other",status="405"} 1
        http_requests_total{handler="none",method="POST",status="404"} 1
        http_requests_total{handler="none",method="other",status="404"} 1
    "#,
    );
}

#[tokio::test]
async fn a_mounted_service_can_say_who_it_is() {
    metrics!();
    let mounted = |name: Option<&'static str>| {
        tower::service_fn(move |_: Request<Body>| async move {
            let mut response = axum::response::Response::new(Body::empty());
            name.map(|name| response.extensions_mut().insert(HandledBy(name)));
            Ok::<_, std::convert::Infallible>(response)
        })
    };
    let router = Router::new()
        .nest_service("/static", mounted(Some("/static/{*path}")))
        .nest_service("/other", mounted(None));
    let router = measured(router, HttpLayer::new(&HTTP));
    for path in ["/static/a.css", "/static/b/c.js", "/other/x"] {
        router
            .clone()
            .oneshot(Request::get(path).body(Body::empty()).unwrap())
            .await
            .unwrap();
    }
    recorded(&METRICS).family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/static/{*path}",method="GET",status="2xx"} 2
        http_requests_total{handler="none",method="GET",status="2xx"} 1
    "#,
    );
}

#[tokio::test]
async fn routes_and_a_function_know_templates_without_a_router() {
    metrics!();
    let service = tower::service_fn(|_: Request<_>| async {
        Ok::<_, std::convert::Infallible>(axum::response::Response::new(Body::empty()))
    });
    let layer = HttpLayer::new(&HTTP)
        .routes(["/health", "/users/me"])
        .template(|request| {
            request
                .uri
                .path()
                .strip_prefix("/users/")?
                .parse::<u32>()
                .ok()
                .map(|_| "/users/{id}")
        });
    let service = layer.layer(service);
    for path in ["/health", "/users/me", "/users/1", "/users/2", "/users/x"] {
        service
            .clone()
            .oneshot(Request::get(path).body(Body::empty()).unwrap())
            .await
            .unwrap();
    }
    recorded(&METRICS).family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/health",method="GET",status="2xx"} 1
        http_requests_total{handler="/users/me",method="GET",status="2xx"} 1
        http_requests_total{handler="/users/{id}",method="GET",status="2xx"} 2
        http_requests_total{handler="none",method="GET",status="2xx"} 1
    "#,
    );
}

#[tokio::test]
async fn handlers_beyond_the_capacity_are_one_and_none_keeps_its_place() {
    metrics!(#[http(max_routes = 2)]);
    let layer = HttpLayer::new(&HTTP).routes(["/a", "/b", "/c"]);
    let service = layer.layer(tower::service_fn(|_: Request<_>| async {
        Ok::<_, std::convert::Infallible>(axum::response::Response::new(Body::empty()))
    }));
    for path in ["/a", "/b", "/c", "/d"] {
        service
            .clone()
            .oneshot(Request::get(path).body(Body::empty()).unwrap())
            .await
            .unwrap();
    }
    recorded(&METRICS)
        .filtered(|series| series.contains("requests_total"))
        .assert_eq(
            r#"
        http_requests_total{handler="/a",method="GET",status="2xx"} 1
        http_requests_total{handler="other",method="GET",status="2xx"} 2
        http_requests_total{handler="none",method="GET",status="2xx"} 1
    "#,
        );
    // Each of the two was told at the start, and once more.
    assert_eq!(
        recorded(&METRICS).get(r#"enumetrics_label_overflows_total{label="handler"}"#),
        Some(4.0)
    );
}

#[tokio::test]
async fn a_route_that_is_asked_for_again_is_looked_up_once_and_counts_as_if_it_were_each_time() {
    metrics!(#[http(max_routes = 2)]);
    let router = Router::new()
        .route("/a", get(|| async {}))
        .route("/b", get(|| async {}));
    let router = measured(router, HttpLayer::new(&HTTP));
    let ask = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap();
    };
    let count = |handler: &str| {
        let series = format!(r#"http_requests_total{{handler="{handler}",method="GET",status="2xx"}}"#);
        recorded(&METRICS).get(&series)
    };
    for path in ["/a", "/a", "/b", "/b", "/b"] {
        ask(path).await;
    }
    assert_eq!((count("/a"), count("other")), (Some(2.0), Some(3.0)));
    // Whoever has no place is told each time.
    let overflows = r#"enumetrics_label_overflows_total{label="handler"}"#;
    assert_eq!(recorded(&METRICS).get(overflows), Some(3.0));
    // What was removed is there again.
    assert!(HttpHandler::remove("/a"));
    assert_eq!(count("/a"), None);
    ask("/a").await;
    assert_eq!(count("/a"), Some(3.0));
}
