//! Scrapes of a million series: what they cost, and whom they hold up.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher as _;
use std::io::{self, Read as _, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use enumetrics_runtime::__private::{Block as _, HistogramCells, IntCell, Reading};
use enumetrics_runtime::{Catalog, Descriptor, Export, Exporter, Format, Kind, LabelDescriptor, Scrape};

/// The system's allocator, how often it was asked, how much it has given, and the most that was.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code, reason = "an allocator can only be counted by being one")]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that is allocated at once while `work` runs, above what is before it; and how often.
fn cost(work: impl FnOnce()) -> (usize, usize) {
    let (before, allocations) = (NOW.load(Ordering::Relaxed), ALLOCATIONS.load(Ordering::Relaxed));
    PEAK.store(before, Ordering::Relaxed);
    work();
    let peak = PEAK.load(Ordering::Relaxed) - before;
    (peak, ALLOCATIONS.load(Ordering::Relaxed) - allocations)
}

/// What is counted is the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const MIB: usize = 1024 * 1024;

/// A struct of one metric, written by hand: the labels of some shapes have no type.
struct Wide {
    descriptors: &'static [Descriptor],
    cells: Cells,
    /// How often it was read: once for each page.
    reads: AtomicUsize,
    /// The read that panics.
    breaks_at: usize,
}

enum Cells {
    Int(Vec<IntCell>),
    Histogram(Buckets),
}

impl Wide {
    fn new(kind: Kind, labels: &[(&'static str, usize)]) -> &'static Self {
        let labels: Vec<_> = labels.iter().map(|&(name, values)| label(name, values)).collect();
        let buckets: &[f64] = if kind == Kind::Histogram {
            &[0.1, 1.0, 10.0]
        } else {
            &[]
        };
        let descriptor = Descriptor::new("wide_seconds", "Wide.", kind, labels.leak()).with_buckets(buckets);
        let cells = match kind {
            Kind::Histogram => Cells::Histogram(Buckets),
            _ => Cells::Int((0..descriptor.combinations()).map(|_| IntCell::ZERO).collect()),
        };
        Box::leak(Box::new(Self {
            descriptors: vec![descriptor].leak(),
            cells,
            reads: AtomicUsize::new(0),
            breaks_at: usize::MAX,
        }))
    }

    fn catalog(&'static self) -> &'static Catalog<'static> {
        let families: &[&dyn Export] = vec![self as &dyn Export].leak();
        Box::leak(Box::new(Catalog::new(families).unwrap()))
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }
}

impl Export for Wide {
    fn descriptors(&self) -> &'static [Descriptor] {
        self.descriptors
    }

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        let read = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(read < self.breaks_at, "while it is read");
        let reading = match &self.cells {
            Cells::Int(cells) => Reading::Int(cells, None),
            Cells::Histogram(cells) => Reading::Histogram(cells),
        };
        visit(&self.descriptors[0], reading);
    }
}

/// A histogram of which each series tells its number.
struct Buckets;

impl HistogramCells for Buckets {
    fn observe(&self, _: usize, _: f64) {}

    fn buckets(&self) -> usize {
        4
    }

    fn read(&self, series: Range<usize>, buckets: &mut [u64], each: &mut dyn FnMut(&[u64], u64, f64)) {
        for index in series {
            buckets.copy_from_slice(&[index as u64, 0, 0, 1]);
            each(buckets, index as u64 + 1, index as f64 / 4.0);
        }
    }
}

fn label(name: &'static str, values: usize) -> LabelDescriptor {
    let values: Vec<&str> = (0..values).map(|value| &*format!("value {value}").leak()).collect();
    LabelDescriptor::new(name, values.leak())
}

/// Keeps of what is written its length and hash, which takes no memory.
#[derive(Default)]
struct Sum {
    hasher: DefaultHasher,
    len: usize,
}

impl Sum {
    fn of(text: &[u8]) -> (usize, u64) {
        let mut sum = Self::default();
        sum.write_all(text).unwrap();
        sum.finish()
    }

    fn finish(&self) -> (usize, u64) {
        (self.len, self.hasher.finish())
    }
}

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.write(bytes);
        self.len += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A million series in rows of a thousand.
fn million() -> &'static Wide {
    Wide::new(Kind::Gauge, &[("left", 1000), ("right", 1000)])
}

#[test]
fn a_million_series_are_written_in_bounded_memory_and_the_second_time_in_none() {
    let _alone = alone();
    assert_eq!(million().catalog().max_series(), 1_000_000);
    takes_bounded_memory(million(), Format::Text);
}

#[test]
fn whatever_their_labels_series_are_written_in_bounded_memory() {
    let _alone = alone();
    takes_bounded_memory(
        Wide::new(Kind::Gauge, &[("left", 1000), ("right", 200)]),
        Format::OpenMetrics,
    );
    // In one row, in rows of ten, and as histograms.
    takes_bounded_memory(Wide::new(Kind::Gauge, &[("only", 200_000)]), Format::Text);
    let digits = ["a", "b", "c", "d", "e"].map(|name| (name, 10));
    takes_bounded_memory(Wide::new(Kind::Gauge, &digits), Format::Text);
    takes_bounded_memory(
        Wide::new(Kind::Histogram, &[("left", 1000), ("right", 33)]),
        Format::Text,
    );
}

fn takes_bounded_memory(wide: &'static Wide, format: Format) {
    let catalog = wide.catalog();
    let expected = Sum::of(catalog.render_as(format).as_bytes());
    assert!(expected.0 > 6 * MIB);
    let mut scrape = Scrape::new();
    let mut write = || {
        let mut sum = Sum::default();
        let cost = cost(|| catalog.write_to(&mut sum, format, &mut scrape).unwrap());
        assert_eq!(sum.finish(), expected);
        cost
    };
    let (peak, _) = write();
    assert!(peak < MIB, "{peak} bytes");
    let (_, allocations) = write();
    assert_eq!(allocations, 0);
}

#[test]
fn a_page_is_written_at_a_time() {
    let _alone = alone();
    let wide = Wide::new(Kind::Gauge, &[("left", 100), ("right", 1000)]);

    /// Takes one page, then nothing.
    struct Closed(usize);

    impl Write for Closed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, bytes.len()) > 0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut out = Closed(0);
    let error = wide
        .catalog()
        .write_to(&mut out, Format::Text, &mut Scrape::new())
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(wide.reads(), 2);
    assert!(out.0 < MIB / 2);
}

/// A server in a runtime that has two threads for blocking work: whoever holds one is noticed.
fn serve(catalog: &'static Catalog<'static>) -> (tokio::runtime::Runtime, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(Exporter::new(catalog).bind("127.0.0.1:0")).unwrap();
    let address = server.local_addr().unwrap();
    runtime.spawn(server.run());
    (runtime, address)
}

fn ask(address: SocketAddr, version: &str, accept: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let request = format!("GET /metrics HTTP/{version}\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The head of the answer, and its body as it was transferred.
fn answer(mut stream: TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let body = bytes.split_off(end);
    (String::from_utf8(bytes).unwrap().to_ascii_lowercase(), body)
}

/// What chunks hold; `None` where the last one is missing.
fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    loop {
        let line = chunks.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&chunks[..line]).unwrap(), 16).unwrap();
        let chunk = chunks.get(line + 2..line + 2 + size)?;
        chunks = chunks.get(line + 2 + size..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            assert!(chunks.is_empty());
            return Some(text);
        }
        text.extend_from_slice(chunk);
    }
}

#[test]
fn over_a_socket_comes_what_is_rendered() {
    let _alone = alone();
    let catalog = million().catalog();
    let (_runtime, address) = serve(catalog);
    let (head, body) = answer(ask(address, "1.1", "application/openmetrics-text"));
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
    assert!(
        head.contains("\r\ncontent-type: application/openmetrics-text; "),
        "{head}"
    );
    // Not `assert_eq!`, which would print all of it.
    assert!(joined(&body).unwrap() == catalog.render_as(Format::OpenMetrics).into_bytes());
    // HTTP/1.0 has no chunks: there the end of the connection is the end.
    let (head, body) = answer(ask(address, "1.0", "*/*"));
    assert!(
        head.starts_with("http/1.0 200 ok\r\n") && !head.contains("chunked"),
        "{head}"
    );
    assert!(body == catalog.render().into_bytes());
}

#[test]
fn clients_that_do_not_read_hold_up_nobody_and_little_memory() {
    const CLIENTS: usize = 12;

    let _alone = alone();
    let wide = million();
    let catalog = wide.catalog();
    let (_runtime, address) = serve(catalog);
    let expected = Sum::of(catalog.render().as_bytes());
    let (mut stalled, mut found) = (Vec::new(), (0, 0));
    let (peak, _) = cost(|| {
        // More of them than there are threads, and places.
        stalled.extend((0..CLIENTS).map(|_| ask(address, "1.1", "*/*")));
        for stream in &stalled {
            assert!(stream.peek(&mut [0]).unwrap() > 0);
        }
        // Counted while it is read, so that the client's memory is not in what is measured.
        let mut sum = Sum::default();
        let mut stream = ask(address, "1.0", "*/*");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        io::copy(&mut stream, &mut sum).unwrap();
        found = sum.finish();
    });
    assert_eq!(found, expected);
    assert!(peak < (CLIENTS + 1) * 2 * MIB, "{peak} bytes");
}

#[test]
fn a_client_that_leaves_ends_the_scrape() {
    let _alone = alone();
    let wide = million();
    let (_runtime, address) = serve(wide.catalog());
    let whole = {
        joined(&answer(ask(address, "1.1", "*/*")).1).unwrap();
        wide.reads()
    };
    assert!(whole > 100, "{whole} pages");
    let stream = ask(address, "1.1", "*/*");
    assert!(stream.peek(&mut [0]).unwrap() > 0);
    drop(stream);
    // It ends, and before its end.
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut reads = wide.reads();
    loop {
        std::thread::sleep(Duration::from_millis(100));
        if reads == std::mem::replace(&mut reads, wide.reads()) {
            break;
        }
        assert!(Instant::now() < deadline, "it goes on");
    }
    assert!(reads < whole + whole / 2, "{reads} pages");
    // The next one is answered as the first.
    joined(&answer(ask(address, "1.1", "*/*")).1).unwrap();
}

#[test]
fn a_scrape_that_breaks_off_is_not_taken_for_a_whole_one() {
    let _alone = alone();
    let cells = Cells::Int((0..100_000).map(|_| IntCell::ZERO).collect());
    let labels = vec![label("left", 100), label("right", 1000)].leak();
    let wide: &'static Wide = Box::leak(Box::new(Wide {
        descriptors: vec![Descriptor::new("wide", "Wide.", Kind::Gauge, labels)].leak(),
        cells,
        reads: AtomicUsize::new(0),
        breaks_at: 5,
    }));
    let (_runtime, address) = serve(wide.catalog());
    let (head, body) = answer(ask(address, "1.1", "*/*"));
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert!(body.len() > MIB / 2 && joined(&body).is_none());
}
