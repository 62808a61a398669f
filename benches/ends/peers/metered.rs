//! metered 0.9, by the JSON of its registries. Its attribute stands on the methods of an `impl` and names its registry by
//! an expression, so that there is no place for it on a function outside of one.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;

use ::metered::{ErrorCount, HitCount, InFlight, ResponseTime, metered};

use crate::functions::{Answer, Boxed, Call, End, Failure, Native, wait, work};
use crate::peers::Recorded;

#[derive(Default)]
struct Service {
    inherent: Inherent,
    native: OfNative,
    boxed: OfBoxed,
}

static SERVICE: LazyLock<Service> = LazyLock::new(Service::default);

#[metered(registry = Inherent, registry_expr = self.inherent)]
impl Service {
    #[measure([ResponseTime, HitCount, InFlight, ErrorCount])]
    fn plain(&self, end: End) -> Result<u64, Failure> {
        work(end)
    }

    #[measure([ResponseTime, HitCount, InFlight, ErrorCount])]
    async fn asynchronous(&self, end: End) -> Result<u64, Failure> {
        wait(end).await
    }

    #[measure([ResponseTime, HitCount, InFlight, ErrorCount])]
    async fn method(&self, end: End) -> Result<u64, Failure> {
        wait(end).await
    }

    #[measure([ResponseTime, HitCount, InFlight, ErrorCount])]
    async fn generic<T: Into<End>>(&self, end: T) -> Result<u64, Failure> {
        wait(end.into()).await
    }

    // An error is counted of a `Result` only, and of no future.
    #[measure([ResponseTime, HitCount, InFlight])]
    fn impl_future(&self, end: End) -> impl Future<Output = Result<u64, Failure>> {
        async move { wait(end).await }
    }

    #[measure([ResponseTime, HitCount, InFlight])]
    fn boxed_future(&self, end: End) -> Pin<Box<dyn Future<Output = Result<u64, Failure>>>> {
        Box::pin(async move { wait(end).await })
    }

    #[measure([ResponseTime, HitCount, InFlight, ErrorCount])]
    async fn alias(&self, end: End) -> Answer {
        wait(end).await
    }

    #[measure([ResponseTime, HitCount, InFlight])]
    async fn option(&self, end: End) -> Option<u64> {
        wait(end).await.ok()
    }
}

#[metered(registry = OfNative, registry_expr = self.native)]
impl Native for Service {
    #[measure([ResponseTime, HitCount, InFlight, ErrorCount])]
    async fn trait_method(&self, end: End) -> Result<u64, Failure> {
        wait(end).await
    }
}

#[metered(registry = OfBoxed, registry_expr = self.boxed)]
#[async_trait::async_trait]
impl Boxed for Service {
    #[measure([ResponseTime, HitCount, InFlight, ErrorCount])]
    async fn async_trait_method(&self, end: End) -> Result<u64, Failure> {
        wait(end).await
    }
}

pub fn calls() -> [Call; 10] {
    [
        Call::Sync(|end| SERVICE.plain(end).is_ok()),
        Call::Async(|end| Box::pin(async move { SERVICE.asynchronous(end).await.is_ok() })),
        Call::Async(|end| Box::pin(async move { SERVICE.method(end).await.is_ok() })),
        Call::Async(|end| Box::pin(async move { SERVICE.trait_method(end).await.is_ok() })),
        Call::Async(|end| Box::pin(async move { SERVICE.async_trait_method(end).await.is_ok() })),
        Call::Async(|end| Box::pin(async move { SERVICE.generic(end).await.is_ok() })),
        Call::Async(|end| Box::pin(async move { SERVICE.impl_future(end).await.is_ok() })),
        Call::Async(|end| Box::pin(async move { SERVICE.boxed_future(end).await.is_ok() })),
        Call::Async(|end| Box::pin(async move { SERVICE.alias(end).await.is_ok() })),
        Call::Async(|end| Box::pin(async move { SERVICE.option(end).await.is_some() })),
    ]
}

pub fn recorded(function: &str) -> Recorded {
    let Service {
        inherent,
        native,
        boxed,
    } = &*SERVICE;
    let registries = serde_json::to_value((inherent, native, boxed)).expect("numbers under names");
    let of = registries
        .as_array()
        .and_then(|all| all.iter().find_map(|registry| registry.get(function)));
    let of = of.expect("a registry of each function");
    Recorded {
        durations: of["response_time"]["samples"].as_u64().unwrap_or(0),
        seconds: of["response_time"]["mean"].as_f64().unwrap_or(0.0) / 1000.0,
        // `hit_count` is of calls that began.
        ends: [None, of["error_count"].as_u64(), None, None],
        left: of["in_flight"].as_i64(),
    }
}
