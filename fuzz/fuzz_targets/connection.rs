//! Any bytes on a connection: it is answered and closed, and the next client is served.
#![no_main]

use std::path::PathBuf;
use std::time::Duration;

use enumetrics::Exporter;
use enumetrics_fuzz::demo;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// Much longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

fuzz_target!(|bytes: &[u8]| {
    thread_local! {
        static SERVER: (Runtime, PathBuf) = serve();
    }
    SERVER.with(|(runtime, path)| {
        runtime.block_on(async {
            drop(talk(path, bytes, true).await);
            let answer = talk(
                path,
                b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                false,
            )
            .await;
            assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{answer:?}");
        });
    });
});

fn serve() -> (Runtime, PathBuf) {
    let path = enumetrics_fuzz::file_of(b"", "sock");
    std::fs::remove_file(&path).unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(async { Exporter::new(&demo::METRICS).bind_unix(&path).unwrap() });
    drop(runtime.spawn(server.run()));
    (runtime, path)
}

/// All that comes back until the server closes.
async fn talk(path: &PathBuf, bytes: &[u8], and_hang_up: bool) -> Vec<u8> {
    let talk = async {
        let mut stream = UnixStream::connect(path).await.unwrap();
        // The server may have enough before the end.
        let _ = stream.write_all(bytes).await;
        if and_hang_up {
            let _ = stream.shutdown().await;
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    };
    timeout(LONG, talk).await.expect("the connection is still open")
}
