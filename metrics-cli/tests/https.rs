//! Live metrics behind TLS.

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::Folder;

/// The address of a program, and the certificate of the authority that vouches for it.
fn served() -> (String, String) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let subject = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = subject.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/metrics", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(session, connection.unwrap()));
            let mut line = String::new();
            // Who does not trust the certificate leaves.
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {}
            if line.ends_with("\r\n\r\n") {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nx 1\n";
                stream.get_mut().write_all(answer).unwrap();
                stream.get_mut().flush().unwrap();
            }
        }
    });
    (url, authority.pem())
}

#[test]
fn metrics_are_read_by_https_from_who_is_trusted() {
    let (url, authority) = served();
    let folder = Folder::new("https");
    folder.write("ca.pem", &authority);
    let lint = |query, more: &[&str]| {
        let arguments = [&["lint", "--query", query, "--metrics", url.as_str()], more].concat();
        folder.run(&arguments)
    };
    lint("x", &["--ca-file", "ca.pem"]).is_clean("");
    lint("other", &["--ca-file", "ca.pem"]).found("<query>:1:1: warning[ref-metric]: nothing exports `other` now\n");
    // Who vouches for it is not known without.
    let unknown = lint("x", &[]);
    unknown.failed("invalid peer certificate: UnknownIssuer");
    unknown.failed("pass `--ca-file` with the certificate of its authority");
}
