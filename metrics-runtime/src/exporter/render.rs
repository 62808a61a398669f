//! One scrape: everything that is exported, as text, away from the tasks that serve requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::buffer::Pool;
use crate::catalog::Catalog;
#[cfg(feature = "prometheus")]
use crate::interop::Foreign;

/// How many scrapes are rendered at once, and how many buffers wait for the next ones.
///
/// Rendering takes a thread of the runtime's blocking pool, which belongs to the program: a
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
    /// As many scrapes as may are still being rendered.
    Busy,
    /// There is no Tokio runtime, or it is shutting down.
    NoRuntime,
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

    /// The whole scrape, in a buffer that goes back to the pool when the last `Bytes` is dropped.
    ///
    /// Collectors run on a thread that may block. One that panics costs this scrape; the panic
    /// hook of the program reports it. Whoever stops waiting (a client that hangs up) drops this
    /// future; the rendering then runs to its end and keeps its place until then.
    pub(super) async fn render(&self) -> Result<Bytes, NotRendered> {
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
            let _place = place;
            let mut buffer = buffers.take();
            sources.catalog.render_into(&mut buffer);
            #[cfg(feature = "prometheus")]
            sources.foreign.write_text(&mut buffer.text);
            buffer
        });
        match rendering.await {
            Ok(buffer) => Ok(Bytes::from_owner(buffer)),
            Err(error) if error.is_panic() => Err(NotRendered::Panicked),
            Err(_) => Err(NotRendered::NoRuntime),
        }
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

    #[tokio::test]
    async fn the_second_scrape_is_rendered_into_the_first_ones_buffer() {
        let renderer = renderer(Vec::new());
        let first = renderer.render().await.unwrap();
        assert_eq!(&first[..], catalog().render().as_bytes());
        let address = first.as_ptr();
        // Two at once have a buffer each.
        let concurrent = renderer.render().await.unwrap();
        assert_ne!(concurrent.as_ptr(), address);
        drop(first);
        let second = renderer.render().await.unwrap();
        assert_eq!(second.as_ptr(), address);
        assert_eq!(second, concurrent);
    }

    #[test]
    fn without_a_runtime_there_is_an_answer_and_no_panic() {
        use std::task::{Context, Poll, Waker};

        let renderer = renderer(Vec::new());
        let mut rendering = std::pin::pin!(renderer.render());
        let poll = rendering.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll, Poll::Ready(Err(NotRendered::NoRuntime)));
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
            renderer(vec![registry]).render().await.unwrap();
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
                assert_eq!(renderer.render().await, Err(NotRendered::Panicked));
            }
            panics.store(false, Ordering::Relaxed);
            let scrape = renderer.render().await.unwrap();
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
                let client = timeout(Duration::from_millis(20), renderer.render());
                assert!(client.await.is_err());
            }
            // Within a minute, so that a mistake fails here instead of hanging.
            let late = timeout(Duration::from_secs(60), renderer.render()).await;
            assert_eq!(late, Ok(Err(NotRendered::Busy)));

            drop(release);
            renderer.patience = Duration::from_secs(60);
            assert!(renderer.render().await.is_ok());
        }
    }
}
