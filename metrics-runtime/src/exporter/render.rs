//! One scrape: everything that is exported, as text, away from the tasks that serve requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::body::Pages;
use super::buffer::{Buffer, Pool};
use crate::catalog::{Catalog, Cursor};
use crate::exposition::openmetrics::Ambiguous;
use crate::exposition::{Format, PAGE};
#[cfg(feature = "prometheus")]
use crate::interop::{Foreign, Gathered};

/// How many scrapes are gathered at once, and how many buffers wait for the next ones.
///
/// Gathering takes a thread of the runtime's blocking pool, which belongs to the program: a
/// collector that hangs must not use it up, scrape by scrape.
const AT_ONCE: usize = 4;

/// How long a scrape waits for one of those places: as long as Prometheus waits for a scrape.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is exported.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) catalog: Catalog<'static>,
    #[cfg(feature = "prometheus")]
    pub(super) foreign: Foreign,
}

/// Why there is nothing to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotRendered {
    /// A collector panicked.
    Panicked,
    /// As many scrapes as may are still being gathered.
    Busy,
    /// There is no Tokio runtime, or it is shutting down.
    NoRuntime,
}

/// A scrape and the format that it is in.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) format: Format,
    pub(super) text: Text,
}

/// The text of a scrape, or its beginning.
#[derive(Debug)]
pub(super) enum Text {
    /// All of it.
    Whole(Bytes),
    /// More than a page. The rest is written when the client has taken what came before.
    Pages(Pages),
}

/// Renders scrapes, as many at once as it may.
#[derive(Debug)]
pub(super) struct Renderer {
    sources: Arc<Sources>,
    buffers: Pool,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Renderer {
    pub(super) fn new(sources: Sources) -> Self {
        Self {
            sources: Arc::new(sources),
            buffers: Pool::new(AT_ONCE),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            patience: PATIENCE,
        }
    }

    /// The scrape, in this format if it has a place for everything. Its buffer goes back to the pool when the last
    /// `Bytes` is dropped.
    ///
    /// Collectors run on a thread that may block. One that panics costs this scrape; the panic
    /// hook of the program reports it. Whoever stops waiting (a client that hangs up) drops this
    /// future; the rendering then runs to the end of its page and keeps its place until then.
    pub(super) async fn render(&self, format: Format) -> Result<Rendered, NotRendered> {
        let runtime = Handle::try_current().map_err(|_| NotRendered::NoRuntime)?;
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            // Only here is a timer needed: a runtime without one serves single scrapes all the same.
            Err(_) => match timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await {
                Ok(Ok(place)) => place,
                Ok(Err(_)) | Err(_) => return Err(NotRendered::Busy),
            },
        };
        let sources = Arc::clone(&self.sources);
        let buffers = self.buffers.clone();
        let rendering = runtime.spawn_blocking(move || {
            // Whatever comes after the first page waits for nobody, and needs no place.
            let _place = place;
            let scrape = Unwritten::begin(sources, buffers, format);
            (scrape.format, scrape.write_page())
        });
        let (format, (page, rest)) = rendering.await.map_err(|error| match error.is_panic() {
            true => NotRendered::Panicked,
            false => NotRendered::NoRuntime,
        })?;
        let page = Bytes::from_owner(page);
        let text = match rest {
            None => Text::Whole(page),
            Some(rest) => Text::Pages(Pages::new(page, rest, runtime)),
        };
        Ok(Rendered { format, text })
    }
}

/// What of a scrape is still to be written.
#[derive(Debug)]
pub(super) struct Unwritten {
    sources: Arc<Sources>,
    buffers: Pool,
    format: Format,
    ambiguous: Ambiguous,
    cursor: Cursor,
    #[cfg(feature = "prometheus")]
    gathered: Gathered,
}

impl Unwritten {
    /// Gathers what others measure. They come first, so that a collector that fails does so before anything is sent, and
    /// so that it is known whether the format has a place for everything; text has.
    fn begin(sources: Arc<Sources>, buffers: Pool, format: Format) -> Self {
        #[cfg(feature = "prometheus")]
        let merged = sources.foreign.gather();
        let is_carried = sources.catalog.is_carried_by(format);
        #[cfg(feature = "prometheus")]
        let is_carried = is_carried && merged.is_carried_by(format);
        let format = if is_carried { format } else { Format::Text };

        let mut ambiguous = Ambiguous::default();
        sources.catalog.find_ambiguous(format, &mut ambiguous);
        #[cfg(feature = "prometheus")]
        let gathered = merged.finish(format, &mut ambiguous);
        Self {
            sources,
            buffers,
            format,
            ambiguous,
            cursor: Cursor::default(),
            #[cfg(feature = "prometheus")]
            gathered,
        }
    }

    /// The next page, in a buffer of its own, and what comes after it.
    pub(super) fn write_page(mut self) -> (Buffer, Option<Self>) {
        let mut page = self.buffers.take();
        std::mem::swap(&mut page.ambiguous, &mut self.ambiguous);
        self.sources
            .catalog
            .page(&mut page, self.format, PAGE, &mut self.cursor);
        std::mem::swap(&mut page.ambiguous, &mut self.ambiguous);
        if !self.cursor.is_at_end() {
            return (page, Some(self));
        }
        #[cfg(feature = "prometheus")]
        if !self.gathered.write(&mut page.text, PAGE) {
            return (page, Some(self));
        }
        page.text.extend_from_slice(self.format.end().as_bytes());
        (page, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporter::fixture::catalog;

    #[cfg(feature = "prometheus")]
    fn renderer(registries: Vec<prometheus::Registry>) -> Renderer {
        Renderer::new(Sources {
            catalog: *catalog(),
            foreign: Foreign::new(
                catalog(),
                registries,
                #[cfg(feature = "process")]
                false,
            ),
        })
    }

    #[cfg(not(feature = "prometheus"))]
    fn renderer(_: Vec<std::convert::Infallible>) -> Renderer {
        Renderer::new(Sources { catalog: catalog() })
    }

    /// A scrape that fits a page.
    async fn whole(renderer: &Renderer) -> Bytes {
        match renderer.render(Format::Text).await {
            Ok(Rendered {
                text: Text::Whole(text),
                ..
            }) => text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_second_scrape_is_rendered_into_the_first_ones_buffer() {
        let renderer = renderer(Vec::new());
        let first = whole(&renderer).await;
        assert_eq!(&first[..], catalog().render().as_bytes());
        let address = first.as_ptr();
        // Two at once have a buffer each.
        let concurrent = whole(&renderer).await;
        assert_ne!(concurrent.as_ptr(), address);
        drop(first);
        let second = whole(&renderer).await;
        assert_eq!(second.as_ptr(), address);
        assert_eq!(second, concurrent);
    }

    #[test]
    fn without_a_runtime_there_is_an_answer_and_no_panic() {
        use std::task::{Context, Poll, Waker};

        let renderer = renderer(Vec::new());
        let mut rendering = std::pin::pin!(renderer.render(Format::Text));
        let poll = rendering.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(poll, Poll::Ready(Err(NotRendered::NoRuntime))));
    }

    #[cfg(feature = "prometheus")]
    mod foreign {
        use std::sync::mpsc;

        use prometheus::{PullingGauge, Registry};

        use super::*;

        fn registry(value: impl Fn() -> f64 + Send + Sync + 'static) -> Registry {
            let registry = Registry::new();
            let gauge = PullingGauge::new("pulled", "x", Box::new(value)).unwrap();
            registry.register(Box::new(gauge)).unwrap();
            registry
        }

        #[tokio::test]
        async fn collectors_do_not_run_on_the_task_that_waits() {
            let (send, receive) = mpsc::channel();
            let registry = registry(move || {
                send.send(std::thread::current().id()).unwrap();
                1.0
            });
            whole(&renderer(vec![registry])).await;
            // A current-thread runtime: every task runs on this very thread.
            assert_ne!(receive.recv().unwrap(), std::thread::current().id());
        }

        #[tokio::test]
        async fn a_panic_costs_one_scrape() {
            use std::sync::atomic::{AtomicBool, Ordering};

            let panics = Arc::new(AtomicBool::new(true));
            let seen = Arc::clone(&panics);
            let registry = registry(move || {
                assert!(!seen.load(Ordering::Relaxed), "in a collector");
                1.0
            });
            let renderer = renderer(vec![registry]);
            // More often than there are places: none is lost.
            for _ in 0..2 * AT_ONCE {
                let rendered = renderer.render(Format::Text).await;
                assert!(matches!(rendered, Err(NotRendered::Panicked)));
            }
            panics.store(false, Ordering::Relaxed);
            let scrape = whole(&renderer).await;
            assert!(scrape.ends_with(b"\npulled 1\n"));
        }

        #[tokio::test]
        async fn collectors_that_hang_do_not_use_up_the_blocking_pool() {
            let (release, released) = mpsc::channel::<()>();
            let released = std::sync::Mutex::new(released);
            let registry = registry(move || {
                // Ends when the sender is dropped.
                let _ = released.lock().unwrap().recv();
                1.0
            });
            let mut renderer = renderer(vec![registry]);
            renderer.patience = Duration::from_millis(20);

            for _ in 0..AT_ONCE {
                // This client gives up; what it started goes on hanging.
                let client = timeout(Duration::from_millis(20), renderer.render(Format::Text));
                assert!(client.await.is_err());
            }
            // Within a minute, so that a mistake fails here instead of hanging.
            let late = timeout(Duration::from_secs(60), renderer.render(Format::Text)).await;
            assert!(matches!(late, Ok(Err(NotRendered::Busy))));

            drop(release);
            renderer.patience = Duration::from_secs(60);
            whole(&renderer).await;
        }
    }
}
