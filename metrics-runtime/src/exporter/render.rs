//! One scrape: everything that is exported, as text, away from the tasks that serve requests.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::access::Access;
use super::body::Pages;
use super::buffer::Pool;
use super::compress::{Encoding, Packer};
use super::filter::Filter;
#[cfg(feature = "prometheus")]
use super::self_metrics::RegistryFailure;
use super::self_metrics::SelfMetrics;
#[cfg(feature = "tls")]
use super::serve::tls::Acceptor;
use crate::Descriptor;
use crate::catalog::{Catalog, Cursor};
use crate::exposition::openmetrics::Ambiguous;
use crate::exposition::text::Scrape;
use crate::exposition::{Format, PAGE, write_comment};
#[cfg(feature = "prometheus")]
use crate::interop::{Foreign, Gathered};

/// How many scrapes are gathered at once, and how many buffers wait for the next ones.
///
/// Gathering takes a thread of the runtime's blocking pool, which belongs to the program: a
/// collector that hangs must not use it up, scrape by scrape.
const AT_ONCE: usize = 4;

/// How long a scrape waits for one of those places: as long as Prometheus waits for a scrape.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs something on a thread that may block.
type Spawn<'a> = &'a dyn Fn(Box<dyn FnOnce() + Send>);

/// What is exported.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) catalog: Catalog<'static>,
    /// Its files may be in a bad state, which is said in the scrape.
    pub(super) access: Arc<Access>,
    pub(super) self_metrics: Option<SelfMetrics>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Acceptor>,
    #[cfg(feature = "prometheus")]
    pub(super) foreign: Foreign,
}

impl Sources {
    fn problems(&self) -> impl Iterator<Item = String> {
        let problems = self.access.problems();
        #[cfg(feature = "tls")]
        let problems = problems.chain(self.tls.as_ref().and_then(Acceptor::problem));
        problems
    }
}

/// Why there is nothing to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotRendered {
    /// Our own code panicked, or a packer found no memory.
    Failed,
    /// As many scrapes as may are still being gathered.
    Busy,
    /// There is no Tokio runtime, or it is shutting down.
    NoRuntime,
}

/// What a client asks for. Scrapes of the same are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) format: Format,
    pub(super) encoding: Encoding,
    pub(super) filter: Filter,
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
    /// What is being rendered now, for those who want the same.
    current: Arc<Current>,
}

/// The renderings that have not ended.
#[derive(Debug, Default)]
struct Current(Mutex<Vec<(Wanted, watch::Receiver<Shared>)>>);

impl Current {
    fn begin(&self, wanted: &Wanted) -> watch::Sender<Shared> {
        let (tell, told) = watch::channel(Shared::Unfinished);
        self.lock().push((wanted.clone(), told));
        tell
    }

    /// Says what came of one. What is over is nobody's any more: whoever comes from now on wants later values.
    fn end(&self, tell: &watch::Sender<Shared>, outcome: Shared) {
        tell.send_replace(outcome);
        drop(self.unfinished());
    }

    fn find(&self, wanted: &Wanted) -> Option<watch::Receiver<Shared>> {
        let unfinished = self.unfinished();
        let running = unfinished.iter().find(|(other, _)| other == wanted);
        running.map(|(_, running)| running.clone())
    }

    /// Without those that are over, and those that nobody works at any more: a panic, or a client that hung up while it
    /// waited for a place.
    fn unfinished(&self) -> MutexGuard<'_, Vec<(Wanted, watch::Receiver<Shared>)>> {
        let mut current = self.lock();
        current.retain(|(_, running)| running.has_changed().is_ok() && matches!(*running.borrow(), Shared::Unfinished));
        current
    }

    /// No code of others runs under the lock, so poison means nothing.
    fn lock(&self) -> MutexGuard<'_, Vec<(Wanted, watch::Receiver<Shared>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What comes of a rendering for those who joined it.
#[derive(Clone, Debug)]
enum Shared {
    Unfinished,
    Whole(Format, Bytes),
    /// It has several pages, which are written at the pace of one client.
    OfAnother,
    Failed(NotRendered),
}

impl Renderer {
    pub(super) fn new(sources: Sources) -> Self {
        Self {
            sources: Arc::new(sources),
            buffers: Pool::new(AT_ONCE),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            patience: PATIENCE,
            current: Arc::default(),
        }
    }

    /// What the exporter measures of itself, if it does.
    pub(super) fn self_metrics(&self) -> Option<&SelfMetrics> {
        self.sources.self_metrics.as_ref()
    }

    /// The scrape, in this format if it has a place for everything. Its buffer goes back to the pool when the last
    /// `Bytes` is dropped. Scrapes of the same at the same time share one rendering.
    ///
    /// `patience` is how long it may take to gather what others measure.
    ///
    /// Whoever stops waiting (a client that hangs up) drops this future; the rendering then runs to the end of its page
    /// and keeps its place until then.
    pub(super) async fn render(&self, wanted: &Wanted, patience: Duration) -> Result<Rendered, NotRendered> {
        loop {
            let Some(mut running) = self.current.find(wanted) else {
                return self.render_alone(wanted, patience).await;
            };
            // It is over when its renderer says so, or is gone (a client that hung up while it waited for a place).
            let shared = match running.wait_for(|shared| !matches!(shared, Shared::Unfinished)).await {
                Ok(shared) => shared.clone(),
                Err(_) => continue,
            };
            match shared {
                Shared::Whole(format, bytes) => {
                    let text = Text::Whole(bytes);
                    return Ok(Rendered { format, text });
                }
                Shared::Failed(problem) => return Err(problem),
                Shared::OfAnother | Shared::Unfinished => return self.render_alone(wanted, patience).await,
            }
        }
    }

    /// Renders, and tells those who want the same meanwhile.
    async fn render_alone(&self, wanted: &Wanted, patience: Duration) -> Result<Rendered, NotRendered> {
        let runtime = Handle::try_current().map_err(|_| NotRendered::NoRuntime)?;
        let current = Arc::clone(&self.current);
        let tell = current.begin(wanted);
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            // Only here is a timer needed: a runtime without one serves single scrapes all the same.
            Err(_) => match timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await {
                Ok(Ok(place)) => place,
                Ok(Err(_)) | Err(_) => {
                    current.end(&tell, Shared::Failed(NotRendered::Busy));
                    return Err(NotRendered::Busy);
                }
            },
        };
        let (sources, buffers, wanted) = (Arc::clone(&self.sources), self.buffers.clone(), wanted.clone());
        let spawner = runtime.clone();
        let rendering = runtime.spawn_blocking(move || {
            // Whatever comes after the first page waits for nobody, and needs no place.
            let _place = place;
            let spawn = |work: Box<dyn FnOnce() + Send>| drop(spawner.spawn_blocking(work));
            let begun = Unwritten::begin(sources, buffers, wanted, &spawn, Instant::now() + patience);
            let rendered = begun.and_then(|scrape| {
                let format = scrape.format;
                let (page, rest) = scrape.write_page()?;
                Ok((format, page, rest))
            });
            // Here, and not where the client waits: it may have gone.
            let outcome = match &rendered {
                Ok((format, page, None)) => Shared::Whole(*format, page.clone()),
                Ok(_) => Shared::OfAnother,
                Err(_) => Shared::Failed(NotRendered::Failed),
            };
            current.end(&tell, outcome);
            rendered
        });
        let rendered = rendering.await.map_err(|error| match error.is_panic() {
            true => NotRendered::Failed,
            false => NotRendered::NoRuntime,
        })?;
        let (format, page, rest) = rendered.map_err(|_| NotRendered::Failed)?;
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
    filter: Filter,
    packer: Option<Packer>,
    ambiguous: Ambiguous,
    cursor: Cursor,
    #[cfg(feature = "prometheus")]
    gathered: Gathered,
    /// Since when, and how many bytes of it are sent.
    began: Instant,
    sent: usize,
    /// How many series of the catalog are written.
    series: usize,
    self_is_written: bool,
}

impl Unwritten {
    /// Gathers what others measure. They come first, so that it is known whether the format has a place for everything;
    /// text has.
    fn begin(
        sources: Arc<Sources>,
        buffers: Pool,
        wanted: Wanted,
        spawn: Spawn<'_>,
        deadline: Instant,
    ) -> io::Result<Self> {
        let Wanted {
            format,
            encoding,
            filter,
        } = wanted;
        let began = Instant::now();
        #[cfg(feature = "prometheus")]
        let mut merged = sources.foreign.gather(spawn, deadline);
        #[cfg(feature = "prometheus")]
        if let Some(metrics) = &sources.self_metrics {
            let missing = merged.missing();
            metrics.registries_failed(RegistryFailure::Panicked, missing.panicked);
            metrics.registries_failed(RegistryFailure::Late, missing.late);
        }
        #[cfg(feature = "prometheus")]
        merged.retain(|family, suffixes| filter.wants(family, suffixes));
        #[cfg(not(feature = "prometheus"))]
        let _ = (spawn, deadline);
        let is_carried = sources.catalog.is_carried_by(format);
        #[cfg(feature = "prometheus")]
        let is_carried = is_carried && merged.is_carried_by(format);
        let format = if is_carried { format } else { Format::Text };

        let mut ambiguous = Ambiguous::default();
        sources.catalog.find_ambiguous(format, &mut ambiguous);
        #[cfg(feature = "prometheus")]
        let gathered = merged
            .finish(format, &mut ambiguous)
            .with_labels(sources.catalog.labels());
        Ok(Self {
            sources,
            buffers,
            format,
            filter,
            packer: Packer::new(encoding)?,
            ambiguous,
            cursor: Cursor::default(),
            #[cfg(feature = "prometheus")]
            gathered,
            began,
            sent: 0,
            series: 0,
            self_is_written: false,
        })
    }

    /// The next page, and what comes after it. A packed page may be of several, because a packer keeps what it is given
    /// for a while.
    pub(super) fn write_page(mut self) -> io::Result<(Bytes, Option<Self>)> {
        let mut page = self.buffers.take();
        loop {
            let is_last = self.write_text(&mut page);
            let bytes = match &mut self.packer {
                None => Bytes::from_owner(page),
                Some(packer) => {
                    let packed = packer.pack(&page.text, is_last)?;
                    if packed.is_empty() && !is_last {
                        continue;
                    }
                    Bytes::from(packed)
                }
            };
            self.sent += bytes.len();
            if !is_last {
                return Ok((bytes, Some(self)));
            }
            if let Some(metrics) = &self.sources.self_metrics {
                metrics.written(self.format, self.began.elapsed(), self.sent);
            }
            return Ok((bytes, None));
        }
    }

    /// Writes over what is in the page. Says whether it was the last one.
    fn write_text(&mut self, page: &mut Scrape) -> bool {
        std::mem::swap(&mut page.ambiguous, &mut self.ambiguous);
        let is_wanted = |family: &Descriptor| self.filter.wants(family.name, family.kind.sample_suffixes());
        self.sources
            .catalog
            .page_of(page, self.format, PAGE, &mut self.cursor, &is_wanted);
        std::mem::swap(&mut page.ambiguous, &mut self.ambiguous);
        if self.sources.self_metrics.is_some() && !self.self_is_written {
            self.series += page.take_series(self.format);
        }
        if !self.cursor.is_at_end() {
            return false;
        }
        if let Some(metrics) = &self.sources.self_metrics
            && !self.self_is_written
        {
            if self.filter.is_everything() {
                metrics.series(self.series);
            }
            metrics.failing_files(self.sources.problems().count());
            metrics.write(&mut page.text, self.format, &is_wanted);
            self.self_is_written = true;
        }
        #[cfg(feature = "prometheus")]
        if !self.gathered.write(&mut page.text, PAGE) {
            return false;
        }
        if self.format.has_comments() {
            for problem in self.sources.problems() {
                write_comment(&mut page.text, &format!("{problem}; the last good one stays in force"));
            }
        }
        page.text.extend_from_slice(self.format.end().as_bytes());
        true
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
            access: Arc::new(Access::new()),
            self_metrics: None,
            #[cfg(feature = "tls")]
            tls: None,
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
        Renderer::new(Sources {
            catalog: *catalog(),
            access: Arc::new(Access::new()),
            self_metrics: None,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    /// Much longer than anything here takes.
    const LONG: Duration = Duration::from_secs(60);

    fn text() -> Wanted {
        Wanted {
            format: Format::Text,
            encoding: Encoding::Identity,
            filter: Filter::default(),
        }
    }

    /// A scrape that fits a page.
    async fn whole(renderer: &Renderer) -> Bytes {
        match renderer.render(&text(), LONG).await {
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
        // One that comes later, while the first is being sent, has a buffer of its own.
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
        let wanted = text();
        let mut rendering = std::pin::pin!(renderer.render(&wanted, LONG));
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
        async fn a_panic_is_reported_and_the_rest_is_served() {
            use std::sync::atomic::{AtomicBool, Ordering};

            let panics = Arc::new(AtomicBool::new(true));
            let seen = Arc::clone(&panics);
            let registry = registry(move || {
                assert!(!seen.load(Ordering::Relaxed), "in a collector");
                1.0
            });
            let renderer = renderer(vec![registry]);
            for _ in 0..2 * AT_ONCE {
                let scrape = String::from_utf8(whole(&renderer).await.to_vec()).unwrap();
                let rest = scrape.strip_prefix(&catalog().render()).unwrap();
                assert!(
                    rest.starts_with("# enumetrics: left out registry 1: a collector panicked"),
                    "{rest}"
                );
            }
            panics.store(false, Ordering::Relaxed);
            let scrape = whole(&renderer).await;
            assert!(scrape.ends_with(b"\npulled 1\n"));
        }

        #[tokio::test]
        async fn scrapes_at_the_same_time_are_one() {
            let (release, released) = mpsc::channel::<()>();
            let released = Mutex::new(released);
            let (began, begun) = mpsc::channel();
            let registry = registry(move || {
                began.send(()).unwrap();
                let _ = released.lock().unwrap().recv();
                1.0
            });
            let renderer = renderer(vec![registry]);
            // More than there are places: those of the same format wait for one rendering.
            let scrapes = (0..2 * AT_ONCE).map(|_| whole(&renderer));
            let scrapes = futures_of(scrapes);
            let release = async {
                while begun.try_recv().is_err() {
                    tokio::task::yield_now().await;
                }
                drop(release);
            };
            let (scrapes, ()) = tokio::join!(scrapes, release);
            assert!(scrapes.iter().all(|scrape| scrape.as_ptr() == scrapes[0].as_ptr()));
            drop(scrapes);
            assert!(renderer.current.lock().is_empty());
        }

        #[tokio::test]
        async fn who_joined_one_that_is_given_up_renders_alone() {
            let renderer = renderer(Vec::new());
            let all = Arc::clone(&renderer.places)
                .acquire_many_owned(AT_ONCE as u32)
                .await
                .unwrap();
            let wanted = text();
            let mut first = Box::pin(renderer.render(&wanted, LONG));
            assert!(timeout(Duration::from_millis(5), &mut first).await.is_err());
            let mut second = Box::pin(whole(&renderer));
            assert!(timeout(Duration::from_millis(5), &mut second).await.is_err());
            assert_eq!(renderer.current.lock().len(), 1);
            // This client hangs up.
            drop(first);
            drop(all);
            second.await;
        }

        #[tokio::test]
        async fn collectors_that_hang_are_left_out() {
            let (release, released) = mpsc::channel::<()>();
            let released = Mutex::new(released);
            let registry = registry(move || {
                // Ends when the sender is dropped.
                let _ = released.lock().unwrap().recv();
                1.0
            });
            let renderer = renderer(vec![registry]);
            // More often than there are places.
            for _ in 0..2 * AT_ONCE {
                let Ok(Rendered {
                    text: Text::Whole(scrape),
                    ..
                }) = renderer.render(&text(), Duration::from_millis(20)).await
                else {
                    panic!("the catalog is there");
                };
                assert!(scrape.starts_with(catalog().render().as_bytes()));
            }
            drop(release);
            let scrape = whole(&renderer).await;
            assert!(scrape.ends_with(b"\npulled 1\n"));
        }

        #[tokio::test]
        async fn there_is_an_end_to_waiting_for_a_place() {
            let mut renderer = renderer(Vec::new());
            renderer.patience = Duration::from_millis(20);
            let all = Arc::clone(&renderer.places)
                .acquire_many_owned(AT_ONCE as u32)
                .await
                .unwrap();
            // Within a minute, so that a mistake fails here instead of hanging.
            let wanted = text();
            let late = timeout(LONG, renderer.render(&wanted, LONG)).await;
            assert!(matches!(late, Ok(Err(NotRendered::Busy))));
            drop(all);
            renderer.patience = LONG;
            whole(&renderer).await;
        }
    }

    #[cfg(feature = "gzip")]
    #[tokio::test]
    async fn a_packed_scrape_is_the_same_scrape() {
        use std::io::Read as _;

        let wanted = Wanted {
            encoding: Encoding::Gzip,
            ..text()
        };
        let renderer = renderer(Vec::new());
        let Ok(Rendered {
            text: Text::Whole(packed),
            ..
        }) = renderer.render(&wanted, LONG).await
        else {
            panic!("it is short");
        };
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&packed[..])
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, catalog().render());
    }

    #[tokio::test]
    async fn what_nobody_asked_for_is_not_written() {
        let wanted = Wanted {
            filter: Filter::from_query(Some("name[]=pool_count&name[]=no_such")),
            ..text()
        };
        let renderer = renderer(Vec::new());
        let Ok(Rendered {
            text: Text::Whole(scrape),
            ..
        }) = renderer.render(&wanted, LONG).await
        else {
            panic!("it is short");
        };
        assert_eq!(
            scrape,
            "# HELP pool_count Pools.\n# TYPE pool_count gauge\npool_count 0\n"
        );
    }

    /// All of them at once.
    async fn futures_of<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
        let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
        std::future::poll_fn(|cx| {
            for (future, output) in &mut futures {
                if output.is_none()
                    && let std::task::Poll::Ready(ready) = future.as_mut().poll(cx)
                {
                    *output = Some(ready);
                }
            }
            match futures.iter().all(|(_, output)| output.is_some()) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
        futures.into_iter().filter_map(|(_, output)| output).collect()
    }
}
