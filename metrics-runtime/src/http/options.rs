//! What an [`HttpLayer`](super::HttpLayer) is told when it is made.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use http::{Extensions, HeaderMap, Method, Request, Uri, request};

use super::ended::Exchange;
use super::label::Answer;
use super::patterns::{PatternError, Patterns};
use crate::label::{Interner, Values as _, table_size};

/// How many templates are remembered not to be excluded; more are looked at each time.
const REMEMBERED: usize = 256;

#[derive(Clone)]
pub(super) struct Options {
    pub(super) disabled: bool,
    pub(super) ignore_untemplated: bool,
    pub(super) durations: Durations,
    pub(super) unmeasured: Option<Cow<'static, str>>,
    excluded: Patterns,
    pub(super) routes: HashSet<String>,
    pub(super) template: Option<Arc<Template>>,
    pub(super) listeners: Vec<Arc<Listener>>,
    pub(super) bodies: Patterns,
    pub(super) longest_body: usize,
    /// Templates that were looked at and are not excluded.
    included: Arc<Remembered>,
}

/// What is recorded of how long an exchange took: each takes it along.
#[derive(Clone, Copy, Default)]
pub(super) struct Durations {
    pub(super) to_head: bool,
    pub(super) decimals: Option<u8>,
    pub(super) only_successes_in_high_resolution: bool,
}

/// A request's head; in one piece only where something [takes](Options::takes_parts) that.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    #[cfg_attr(not(feature = "axum"), allow(dead_code, reason = "only axum says something there"))]
    extensions: &'a Extensions,
    pub(super) parts: Option<&'a request::Parts>,
}

impl<'a, B> From<&'a Request<B>> for Head<'a> {
    #[inline]
    fn from(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
            parts: None,
        }
    }
}

impl<'a> Head<'a> {
    /// The template that axum has found.
    #[inline]
    pub(super) fn matched(self) -> Option<&'a str> {
        #[cfg(feature = "axum")]
        if let Some(matched) = self.extensions.get::<axum::extract::MatchedPath>() {
            return Some(matched.as_str());
        }
        None
    }
}

impl<'a> From<&'a request::Parts> for Head<'a> {
    fn from(parts: &'a request::Parts) -> Self {
        Self {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            extensions: &parts.extensions,
            parts: Some(parts),
        }
    }
}

type Remembered = Interner<REMEMBERED, { table_size(REMEMBERED) }>;
pub(super) type Template = dyn for<'a> Fn(&'a request::Parts) -> Option<&'a str> + Send + Sync;
pub(super) type Listener = dyn Fn(&Exchange<'_>) + Send + Sync;

impl Options {
    pub(super) fn new(outgoing: bool) -> Self {
        Self {
            disabled: false,
            ignore_untemplated: false,
            durations: Durations::default(),
            unmeasured: (!outgoing).then_some(Cow::Borrowed("/metrics")),
            excluded: Patterns::default(),
            routes: HashSet::new(),
            template: outgoing.then(|| -> Arc<Template> { Arc::new(|request: &request::Parts| request.uri.host()) }),
            listeners: Vec::new(),
            bodies: Patterns::default(),
            longest_body: 0,
            included: Arc::new(Interner::new()),
        }
    }

    /// Adds patterns of what is excluded.
    pub(super) fn exclude_also<P: AsRef<str>>(
        &mut self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), PatternError> {
        // What was not excluded may be now.
        self.included = Arc::new(Interner::new());
        self.excluded.add(patterns)
    }

    /// The same with patterns that are compiled.
    #[cfg(feature = "exporter")]
    pub(super) fn exclude_all(&mut self, patterns: &Patterns) {
        self.included = Arc::new(Interner::new());
        self.excluded.extend(patterns);
    }

    /// Whether there are functions of one's own, which want a request's head as it is.
    #[inline]
    pub(super) fn takes_parts(&self) -> bool {
        self.template.is_some() || self.has_listeners()
    }

    /// The template of the route that a request takes, if it is known here.
    #[inline]
    pub(super) fn template<'a>(&self, request: Head<'a>) -> Option<&'a str> {
        if let (Some(template), Some(parts)) = (&self.template, request.parts)
            && let Some(template) = template(parts)
        {
            return Some(template);
        }
        if !self.routes.is_empty()
            && let path = request.uri.path()
            && self.routes.contains(path)
        {
            return Some(path);
        }
        None
    }

    /// Whether nothing is recorded of a request.
    pub(super) fn exclude(&self, template: Option<&str>, path: &str) -> bool {
        let handler = template.unwrap_or(path);
        if template.is_none() && self.ignore_untemplated {
            return true;
        }
        if self
            .unmeasured
            .as_deref()
            .is_some_and(|unmeasured| handler == unmeasured)
        {
            return true;
        }
        if self.excluded.is_empty() || template.is_some_and(|template| self.included.contains(template)) {
            return false;
        }
        let excluded = self.excluded.match_some_of(handler);
        if let (Some(template), false) = (template, excluded) {
            self.included.place(template, &|| Cow::Owned(template.to_owned()));
        }
        excluded
    }

    pub(super) fn has_listeners(&self) -> bool {
        !self.listeners.is_empty()
    }

    pub(super) fn tell(&self, exchange: &Exchange<'_>) {
        for listener in &self.listeners {
            // It may be called while another panic unwinds, where one more would end the program.
            let _ = catch_unwind(AssertUnwindSafe(|| listener(exchange)));
        }
    }

    pub(super) fn keeps_body_of(&self, handler: &str) -> bool {
        self.bodies.match_some_of(handler)
    }

    pub(super) fn longest_body(&self) -> usize {
        self.longest_body
    }
}

impl Durations {
    #[inline]
    pub(super) fn seconds(self, to_head: Option<f64>, to_end: f64) -> f64 {
        let seconds = if self.to_head {
            to_head.unwrap_or(to_end)
        } else {
            to_end
        };
        match self.decimals {
            Some(decimals) => {
                let unit = 10_f64.powi(decimals.into());
                (seconds * unit).round() / unit
            }
            None => seconds,
        }
    }

    #[inline]
    pub(super) fn is_in_high_resolution(self, answer: Answer) -> bool {
        let success = || matches!(answer, Answer::Status(status) if status.is_success());
        !self.only_successes_in_high_resolution || success()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("enabled", &!self.disabled)
            .field("ignore_untemplated", &self.ignore_untemplated)
            .field("excluded", &self.excluded)
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}
