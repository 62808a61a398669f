//! What others measure, as part of our scrape: registries, and this process.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use prometheus::Registry;
use prometheus::proto::MetricFamily;

use super::merge::{CatalogNames, Merged, Origin};
#[cfg(feature = "process")]
use super::process::{NoProcessMetrics, ProcessMetrics};
use crate::catalog::Catalog;

/// Everything outside the catalog that is part of the scrape.
#[derive(Debug)]
pub(crate) struct Foreign {
    catalog_names: CatalogNames,
    registries: Vec<Source>,
    #[cfg(feature = "process")]
    process: Option<ProcessMetrics>,
}

/// Runs something on a thread of its own.
pub(crate) type Spawn<'a> = &'a dyn Fn(Box<dyn FnOnce() + Send>);

impl Foreign {
    pub(crate) fn new(
        catalog: &Catalog<'_>,
        registries: Vec<Registry>,
        #[cfg(feature = "process")] process: bool,
    ) -> Self {
        Self {
            catalog_names: CatalogNames::of(catalog),
            registries: registries.into_iter().map(Source::new).collect(),
            #[cfg(feature = "process")]
            process: process.then(ProcessMetrics::new),
        }
    }

    /// All of it as it is now. Collectors are code of others, which may block and panic: each registry is gathered on a
    /// thread of its own, and one that has not answered by the deadline, or that panics, is left out.
    pub(crate) fn gather(&self, spawn: Spawn<'_>, deadline: Instant) -> Merged<'_> {
        let gatherings: Vec<_> = self.registries.iter().map(|source| source.gather(spawn)).collect();
        let mut merged = Merged::new(&self.catalog_names);
        for (position, gathering) in gatherings.into_iter().enumerate() {
            let origin = Origin::Registry(position + 1);
            match gathering.wait(deadline) {
                Ok(families) => families.into_iter().for_each(|family| merged.add(origin, family)),
                Err(reason) => merged.miss(origin, reason),
            }
        }
        #[cfg(feature = "process")]
        self.add_process(&mut merged);
        merged
    }

    /// The catalog and the default registry may have process metrics of their own. They are the same, so they are taken
    /// from there, without a word.
    #[cfg(feature = "process")]
    fn add_process(&self, merged: &mut Merged<'_>) {
        let Some(process) = &self.process else {
            return;
        };
        match process.collect() {
            Ok(families) => {
                for family in families {
                    if !merged.claims(family.name()) {
                        merged.add(Origin::Process, family);
                    }
                }
            }
            Err(NoProcessMetrics) => merged.comment(
                "left out the process metrics: /proc could not be read; the next scrape tries again".to_owned(),
            ),
        }
    }
}

/// A registry, which one thread at a time gathers: collectors that hang cost one thread, not one for each scrape.
#[derive(Debug)]
struct Source {
    registry: Registry,
    current: Arc<Mutex<Option<Arc<Gathering>>>>,
}

impl Source {
    fn new(registry: Registry) -> Self {
        Self {
            registry,
            current: Arc::default(),
        }
    }

    /// Begins to gather, or joins those who wait for what has begun.
    fn gather(&self, spawn: Spawn<'_>) -> Arc<Gathering> {
        let (gathering, is_new) = {
            let mut current = lock(&self.current);
            let is_new = current.is_none();
            let gathering = Arc::clone(current.get_or_insert_default());
            lock(&gathering.state).waiting += 1;
            (gathering, is_new)
        };
        if is_new {
            let end = End {
                current: Arc::clone(&self.current),
                gathering: Arc::clone(&gathering),
            };
            let registry = self.registry.clone();
            spawn(Box::new(move || end.with(registry.gather())));
        }
        gathering
    }
}

/// One call of a registry's collectors, for as many scrapes as wait for it.
#[derive(Debug, Default)]
struct Gathering {
    state: Mutex<Progress>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Progress {
    waiting: usize,
    outcome: Option<Result<Vec<MetricFamily>, NoAnswer>>,
}

/// Why there is nothing of a registry.
#[derive(Clone, Copy, Debug)]
pub(super) enum NoAnswer {
    Panicked,
    Late,
}

impl Gathering {
    fn wait(&self, deadline: Instant) -> Result<Vec<MetricFamily>, NoAnswer> {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self
            .ended
            .wait_timeout_while(lock(&self.state), left, |state| state.outcome.is_none());
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        let outcome = match state.waiting {
            // Mostly one scrape waits, which needs no copy.
            0 => state.outcome.take(),
            _ => state.outcome.clone(),
        };
        outcome.unwrap_or(Err(NoAnswer::Late))
    }
}

/// Tells those who wait, whatever happens: dropped by a panic too, and by a runtime that runs nothing any more.
struct End {
    current: Arc<Mutex<Option<Arc<Gathering>>>>,
    gathering: Arc<Gathering>,
}

impl End {
    fn with(self, families: Vec<MetricFamily>) {
        lock(&self.gathering.state).outcome = Some(Ok(families));
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Whoever comes from now on begins anew.
        *lock(&self.current) = None;
        lock(&self.gathering.state)
            .outcome
            .get_or_insert(Err(NoAnswer::Panicked));
        self.gathering.ended.notify_all();
    }
}

/// No code of others runs under these locks, so poison means nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use prometheus::{Gauge, Opts, PullingGauge};

    use super::*;
    use crate::exporter::fixture::catalog;
    use crate::exposition::Format;
    use crate::exposition::openmetrics::Ambiguous;

    fn text(registries: Vec<Registry>, process: bool) -> String {
        let foreign = Foreign::new(
            catalog(),
            registries,
            #[cfg(feature = "process")]
            process,
        );
        let _ = process;
        let mut out = Vec::new();
        let mut gathered = gather(&foreign).finish(Format::Text, &mut Ambiguous::default());
        assert!(gathered.write(&mut out, usize::MAX));
        String::from_utf8(out).unwrap()
    }

    fn gather(foreign: &Foreign) -> Merged<'_> {
        gather_until(foreign, Duration::from_secs(60))
    }

    fn gather_until(foreign: &Foreign, patience: Duration) -> Merged<'_> {
        let spawn = |work| drop(thread::spawn(work));
        foreign.gather(&spawn, Instant::now() + patience)
    }

    fn registry_with(name: &str, label: &str) -> Registry {
        let registry = Registry::new();
        let gauge = Gauge::with_opts(Opts::new(name, "x").const_label("from", label)).unwrap();
        registry.register(Box::new(gauge)).unwrap();
        registry
    }

    #[test]
    fn registries_are_gathered_in_order() {
        let registries = vec![registry_with("x", "1"), registry_with("x", "2")];
        assert_eq!(
            text(registries, false),
            "# HELP x x\n# TYPE x gauge\nx{from=\"1\"} 0\nx{from=\"2\"} 0\n"
        );
    }

    #[test]
    fn one_registry_given_twice_is_exported_once() {
        let registry = registry_with("x", "1");
        let text = text(vec![registry.clone(), registry], false);
        assert_eq!(text.matches("\nx{").count(), 1, "{text}");
    }

    #[cfg(all(feature = "process", target_os = "linux"))]
    #[test]
    fn process_metrics_are_there_once_with_and_without_a_registry_that_has_them() {
        let without = text(Vec::new(), true);
        let registry = Registry::new();
        for name in ["process_open_fds", "process_start_time_seconds"] {
            registry.register(Box::new(Gauge::new(name, "x").unwrap())).unwrap();
        }
        let with = text(vec![registry], true);
        assert!(with.contains("\nprocess_open_fds 0\n"), "{with}");
        for text in [without, with] {
            for name in ["process_open_fds", "process_start_time_seconds"] {
                assert_eq!(text.matches(&format!("# TYPE {name} ")).count(), 1, "{text}");
                assert_eq!(text.matches(&format!("\n{name} ")).count(), 1, "{text}");
            }
            assert!(!text.contains("# enumetrics"), "{text}");
        }
    }

    #[cfg(all(feature = "process", target_os = "linux"))]
    #[test]
    fn there_are_no_process_metrics_unless_asked_for() {
        assert_eq!(text(Vec::new(), false), "");
    }

    fn foreign_of(registries: Vec<Registry>) -> Foreign {
        Foreign::new(
            catalog(),
            registries,
            #[cfg(feature = "process")]
            false,
        )
    }

    fn written(merged: Merged<'_>) -> String {
        let mut out = Vec::new();
        assert!(
            merged
                .finish(Format::Text, &mut Ambiguous::default())
                .write(&mut out, usize::MAX)
        );
        String::from_utf8(out).unwrap()
    }

    fn pulled(value: impl Fn() -> f64 + Send + Sync + 'static) -> Registry {
        let registry = Registry::new();
        let gauge = PullingGauge::new("pulled", "x", Box::new(value)).unwrap();
        registry.register(Box::new(gauge)).unwrap();
        registry
    }

    #[test]
    fn a_collector_that_panics_costs_its_registry_and_nobody_else() {
        let foreign = foreign_of(vec![pulled(|| panic!("in a collector")), registry_with("x", "2")]);
        for _ in 0..3 {
            let text = written(gather(&foreign));
            assert!(text.contains("\nx{from=\"2\"} 0\n"), "{text}");
            assert!(
                text.contains("# enumetrics: left out registry 1: a collector panicked"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_collector_that_hangs_costs_its_registry_and_one_thread() {
        let (release, released) = mpsc::channel::<()>();
        let (began, begun) = mpsc::channel();
        let released = Mutex::new(released);
        let hanging = pulled(move || {
            began.send(()).unwrap();
            // Ends when the sender is dropped.
            let _ = released.lock().unwrap().recv();
            1.0
        });
        let foreign = foreign_of(vec![hanging, registry_with("x", "2")]);
        for _ in 0..3 {
            let text = written(gather_until(&foreign, Duration::from_millis(400)));
            assert!(text.contains("\nx{from=\"2\"} 0\n"), "{text}");
            assert!(
                text.contains("# enumetrics: left out registry 1: a collector has not answered"),
                "{text}"
            );
        }
        assert_eq!(begun.try_iter().count(), 1);
        drop(release);
        assert!(written(gather(&foreign)).contains("\npulled 1\n"));
    }

    #[test]
    fn scrapes_at_the_same_time_gather_once() {
        let (release, released) = mpsc::channel::<()>();
        let released = Mutex::new(released);
        let calls = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&calls);
        let foreign = foreign_of(vec![pulled(move || {
            *counted.lock().unwrap() += 1;
            let _ = released.lock().unwrap().recv();
            1.0
        })]);
        let waiting = || {
            lock(&foreign.registries[0].current)
                .as_ref()
                .map_or(0, |gathering| lock(&gathering.state).waiting)
        };
        thread::scope(|scope| {
            let scrapes: Vec<_> = (0..4).map(|_| scope.spawn(|| written(gather(&foreign)))).collect();
            while waiting() < 4 {
                thread::yield_now();
            }
            drop(release);
            for scrape in scrapes {
                assert!(scrape.join().unwrap().contains("\npulled 1\n"));
            }
        });
        assert_eq!(*calls.lock().unwrap(), 1);
    }
}
