//! HTTP measured without boilerplate: a layer for servers and clients, and the labels of what it records.
//!
//! `http_metrics!` declares the metrics, [`HttpLayer`] records them: requests by handler, method and status, durations,
//! sizes, what is in progress, and what did not end as it should. Each exchange is recorded once, whatever its end.
//!
//! What there is of labels is bounded, whatever clients send: the handler is the template of a route or `none`, a method
//! that HTTP does not know is `other`, a status is one of five hundred or of seven.

#[cfg(feature = "axum")]
mod around;
mod body;
mod ended;
mod label;
mod layer;
mod ongoing;
mod options;
mod patterns;
#[cfg(feature = "axum")]
mod router;

#[cfg(feature = "axum")]
pub use self::around::MeasuredRouter;
pub use self::body::{RequestBody, ResponseBody};
pub use self::ended::{Exchange, HttpMetrics};
pub use self::label::{Answer, End, ExactStatus, GrpcCode, Handler, ResponseStatus, StatusGroup, UNTEMPLATED};
pub use self::layer::{HttpLayer, HttpService, ResponseFuture};
pub use self::patterns::PatternError;
#[cfg(feature = "exporter")]
pub(crate) use self::patterns::Patterns;
#[cfg(feature = "axum")]
pub use self::router::{AxumFuture, AxumLayer, AxumService};

/// The bounds of the histogram of high resolution, in seconds, where `http_metrics!` says no others.
pub const HIGH_RESOLUTION: [f64; 21] = [
    0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 7.5, 10.0, 30.0, 60.0,
];

/// Who handled a request, in the extensions of its response: what counts where only the service knows its routes.
///
/// That the request is in progress is counted under what was known when it came.
///
/// ```
/// use enumetrics_runtime::http::HandledBy;
///
/// let mut response = http::Response::new("…");
/// response.extensions_mut().insert(HandledBy("/static/{*path}"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandledBy(pub &'static str);

/// What a variable of the environment says: `true` for `true` and `1`, in any case, and `false` for everything else;
/// nothing where it is not set.
///
/// ```
/// use enumetrics_runtime::http::env_flag;
///
/// let on_unless_said = env_flag("ENABLE_METRICS").unwrap_or(true);
/// let only_if_said = env_flag("ENABLE_METRICS") == Some(true);
/// # assert!(on_unless_said && !only_if_said);
/// ```
#[must_use]
pub fn env_flag(name: &str) -> Option<bool> {
    std::env::var_os(name).map(|value| is_true(&value.to_string_lossy()))
}

fn is_true(text: &str) -> bool {
    let text = text.trim();
    text.eq_ignore_ascii_case("true") || text == "1"
}

#[cfg(test)]
mod tests {
    #[test]
    fn true_and_1_are_true_and_nothing_else_is() {
        for (text, truth) in [
            ("true", true),
            ("TRUE", true),
            ("True", true),
            (" 1\n", true),
            ("false", false),
            ("0", false),
            ("", false),
            ("yes", false),
            ("11", false),
        ] {
            assert_eq!(super::is_true(text), truth, "{text:?}");
        }
    }
}
