//! What a program runs on, in its catalog.

use std::sync::atomic::{AtomicU64, Ordering};

use enumetrics::collectors::{ALLOCATOR, Allocated, PROCESS, TASKS, TOKIO};
use enumetrics::testing::Samples;
use enumetrics::{MetricFamily as _, build_info, catalog, rules};

build_info! { pub static BUILD: Build, namespace = "demo"; }
catalog! { pub static METRICS = [BUILD, PROCESS, TOKIO, TASKS, ALLOCATOR]; }

mod said {
    use enumetrics::{build_info, catalog};

    build_info! { pub static BUILD: Build, commit = concat!("a", "b"); }
    catalog! { pub static METRICS = [BUILD]; }
}

// Rules know them as they know what the program itself measures.
rules! {
    pub static RULES for METRICS;

    /// The workers of {{ $labels.instance }} have no time left.
    #[alert(for = "5m", severity = Warning, runbook = "https://runbooks.example/busy")]
    Busy = sum by (instance) (rate(tokio_worker_busy_seconds_total[5m])) / sum by (instance) (tokio_workers) > 0.9;

    /// {{ $labels.instance }} soon can open no more files.
    #[alert(for = "5m", severity = Warning, runbook = "https://runbooks.example/files", per_target)]
    Files = process_open_fds / process_max_fds > 0.9;

    /// Tasks wait long for a worker.
    #[alert(severity = Warning, runbook = "https://runbooks.example/late")]
    Late = sum by (task) (rate(tokio_task_scheduled_seconds_total[5m]))
        / sum by (task) (rate(tokio_task_wakes_total[5m])) > 0.1;
}

fn value(text: &str, series: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn what_was_built_is_a_constant() {
    let version = env!("CARGO_PKG_VERSION");
    let text = METRICS.render();
    let line = text.lines().find(|line| line.starts_with("demo_build_info{")).unwrap();
    assert!(
        line.starts_with(&format!(
            "demo_build_info{{name=\"enumetrics\",version=\"{version}\",commit=\""
        )),
        "{line}"
    );
    assert!(line.ends_with(" 1"), "{line}");
    let rustc = Build::DESCRIPTORS[0].constant_labels.last().unwrap();
    assert_eq!(rustc.0, "rustc");
    assert!(
        rustc.1.starts_with(|c: char| c.is_ascii_digit()) && rustc.1.contains('.'),
        "{rustc:?}"
    );
    assert!(
        said::METRICS
            .render()
            .contains("\nbuild_info{name=\"enumetrics\",version=")
    );
    assert!(said::METRICS.render().contains(",commit=\"ab\","));
}

#[test]
fn the_runtime_and_tasks_tell_what_they_did() {
    RULES.assert_right();
    assert_eq!(value(&METRICS.render(), "tokio_workers"), None);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    TOKIO.watch(runtime.handle());
    let before = Samples::of(&METRICS);
    let waiting = runtime.spawn(TASKS.monitor("waiting", std::future::pending::<()>()));
    runtime.block_on(async {
        for _ in 0..3 {
            let task = async {
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::spawn(TASKS.monitor("yielding", task)).await.unwrap();
        }
        // A task that was joined may still be on its way out.
        while value(&METRICS.render(), "tokio_task_polls_total{task=\"waiting\"}") != Some(1.0)
            || value(&METRICS.render(), "tokio_alive_tasks") != Some(1.0)
        {
            tokio::task::yield_now().await;
        }
    });
    let text = METRICS.render();
    assert_eq!(value(&text, "tokio_workers"), Some(2.0));
    assert_eq!(value(&text, "tokio_alive_tasks"), Some(1.0));
    assert!(value(&text, "tokio_queued_tasks").is_some());
    assert!(
        value(&text, "tokio_worker_parks_total").is_some_and(|parks| parks > 0.0),
        "{text}"
    );
    assert!(
        value(&text, "tokio_worker_busy_seconds_total").is_some_and(|busy| busy > 0.0),
        "{text}"
    );
    let since = Samples::of(&METRICS).since(&before);
    since.family("tokio_task_polls_total").assert_eq(
        "tokio_task_polls_total{task=\"waiting\"} 1
         tokio_task_polls_total{task=\"yielding\"} 15",
    );
    assert_eq!(value(&text, "tokio_tasks_total{task=\"yielding\"}"), Some(3.0));
    assert_eq!(value(&text, "tokio_tasks_dropped_total{task=\"yielding\"}"), Some(3.0));
    assert_eq!(value(&text, "tokio_task_wakes_total{task=\"yielding\"}"), Some(12.0));
    assert_eq!(value(&text, "tokio_tasks_dropped_total{task=\"waiting\"}"), Some(0.0));
    waiting.abort();
    runtime.block_on(async { waiting.await.unwrap_err() });
    assert_eq!(
        value(&METRICS.render(), "tokio_tasks_dropped_total{task=\"waiting\"}"),
        Some(1.0)
    );
    // A runtime that has ended is still told of.
    drop(runtime);
    assert_eq!(value(&METRICS.render(), "tokio_alive_tasks"), Some(0.0));
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_there_once() {
    let text = METRICS.render();
    for name in ["process_cpu_seconds_total", "process_open_fds", "process_threads"] {
        assert!(value(&text, name).is_some_and(|value| value >= 0.0), "{text}");
    }
    assert!(text.contains("\n# TYPE process_cpu_seconds_total counter\n"));
    let collected = prometheus::core::Collector::collect(&METRICS.collector().unwrap());
    let cpu = collected
        .iter()
        .find(|family| family.name() == "process_cpu_seconds_total")
        .unwrap();
    assert_eq!(cpu.get_field_type(), prometheus::proto::MetricType::COUNTER);
    // Who asks for both gets one, and no word about it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let served = runtime.block_on(async {
        use http_body_util::BodyExt as _;
        use tower::ServiceExt as _;

        let service = enumetrics::Exporter::new(&METRICS).process_metrics().into_service();
        let answer = service.oneshot(axum::http::Request::new(())).await.unwrap();
        answer.into_body().collect().await.unwrap().to_bytes()
    });
    let served = std::str::from_utf8(&served).unwrap();
    assert_eq!(served.matches("\nprocess_threads ").count(), 1, "{served}");
    assert!(!served.contains("# enumetrics:"), "{served}");
}

#[test]
fn an_allocator_says_what_it_knows() {
    static BYTES: AtomicU64 = AtomicU64::new(4096);
    assert_eq!(value(&METRICS.render(), "allocator_allocated_bytes"), None);
    ALLOCATOR.read_with(|| Allocated {
        // Unknown for once.
        allocated: Some(BYTES.load(Ordering::Relaxed)).filter(|bytes| *bytes > 0),
        resident: Some(1 << 20),
        ..Allocated::default()
    });
    for (bytes, told) in [(4096, 4096.0), (8192, 8192.0), (0, 8192.0), (1, 1.0)] {
        BYTES.store(bytes, Ordering::Relaxed);
        let text = METRICS.render();
        assert_eq!(value(&text, "allocator_allocated_bytes"), Some(told));
        assert_eq!(value(&text, "allocator_resident_bytes"), Some(1_048_576.0));
        assert_eq!(value(&text, "allocator_mapped_bytes"), None);
    }
}
