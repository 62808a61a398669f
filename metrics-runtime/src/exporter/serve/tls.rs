//! TLS, and certificates of clients.
//!
//! Source: [RFC 8446](https://www.rfc-editor.org/rfc/rfc8446), by rustls; PEM files by
//! [RFC 7468](https://www.rfc-editor.org/rfc/rfc7468).

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{ALL_VERSIONS, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio_rustls::server::TlsStream;

use crate::exporter::error::ExporterError;
use crate::exporter::reload::{Reload as _, Reloaded};

/// The most bytes of a file: certificates have thousands, chains tens of thousands.
const MAX_FILE: u64 = 1 << 20;

static TLS13_ONLY: &[&SupportedProtocolVersion] = &[&TLS13];

/// The files that TLS needs, for [`Exporter::tls`](crate::Exporter::tls).
///
/// They are read again while the exporter runs, at most once a second, when a client connects: whoever renews a
/// certificate writes the files, and that is all. While they are half written, do not belong together or are gone, the
/// last good ones stay in force, and a comment in the scrape says what is wrong.
///
/// # Examples
///
/// ```no_run
/// # use enumetrics_runtime as enumetrics;
/// use enumetrics::{Exporter, Tls};
///
/// # async fn serve(metrics: &'static enumetrics::Catalog<'static>) -> Result<(), enumetrics::ExporterError> {
/// let tls = Tls::new("/etc/tls/tls.crt", "/etc/tls/tls.key").client_ca("/etc/tls/ca.crt");
/// let server = Exporter::new(metrics).tls(tls)?.bind("0.0.0.0:9464").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
    /// Whether a client may come without a certificate.
    optional: bool,
    oldest: Oldest,
}

/// The oldest version that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "web-config"),
    allow(dead_code, reason = "only a web configuration asks for another one")
)]
pub(in crate::exporter) enum Oldest {
    Tls12,
    Tls13,
}

impl Tls {
    /// A certificate, followed by those that sign it, and its private key (PKCS #8, PKCS #1 or SEC 1), as PEM files.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            client_ca: None,
            optional: false,
            oldest: Oldest::Tls12,
        }
    }

    #[cfg(feature = "web-config")]
    pub(in crate::exporter) fn oldest(mut self, oldest: Oldest) -> Self {
        self.oldest = oldest;
        self
    }

    /// Asks clients for a certificate too (mutual TLS), signed by one of those in a PEM file. Who has none cannot
    /// connect.
    #[must_use]
    pub fn client_ca(mut self, file: impl Into<PathBuf>) -> Self {
        (self.client_ca, self.optional) = (Some(file.into()), false);
        self
    }

    /// As [`client_ca`](Self::client_ca), but lets in who has no certificate. One that has a wrong one cannot connect.
    #[must_use]
    pub fn client_ca_if_given(mut self, file: impl Into<PathBuf>) -> Self {
        (self.client_ca, self.optional) = (Some(file.into()), true);
        self
    }

    /// Reads the files, and what says how to read them again.
    pub(in crate::exporter) fn load(self) -> Result<Acceptor, ExporterError> {
        let read = {
            let files = self.clone();
            move || files.read()
        };
        let config = Reloaded::new(read, move |content: &Content| self.config(content));
        match config {
            Ok(config) => Ok(Acceptor(Arc::new(config))),
            Err(problem) => Err(ExporterError::Tls { problem }),
        }
    }

    fn read(&self) -> Result<Content, String> {
        Ok(Content {
            certificate: read_bounded("certificate", &self.certificate)?,
            key: read_bounded("key", &self.key)?,
            client_ca: match &self.client_ca {
                Some(file) => Some(read_bounded("certificate of the clients' authority", file)?),
                None => None,
            },
        })
    }

    fn config(&self, content: &Content) -> Result<ServerConfig, String> {
        let certificates = certificates(&self.certificate, &content.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&content.key)
            .map_err(|_| format!("{} has no private key in a whole PEM file", self.key.display()))?;
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(match self.oldest {
                Oldest::Tls12 => ALL_VERSIONS,
                Oldest::Tls13 => TLS13_ONLY,
            })
            .map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let builder = match (&self.client_ca, &content.client_ca) {
            (Some(file), Some(content)) => {
                let refused = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
                let mut roots = RootCertStore::empty();
                for certificate in self::certificates(file, content)? {
                    roots.add(certificate).map_err(|error| refused(&error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = match self.optional {
                    true => verifier.allow_unauthenticated(),
                    false => verifier,
                };
                builder.with_client_cert_verifier(verifier.build().map_err(|error| refused(&error))?)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(certificates, key).map_err(|error| {
            let [certificate, key] = [&self.certificate, &self.key].map(|file| file.display());
            format!("{certificate} and {key} do not belong together: {error}")
        })?;
        config.alpn_protocols = [
            #[cfg(feature = "http2")]
            &b"h2"[..],
            b"http/1.1",
        ]
        .map(Into::into)
        .into();
        Ok(config)
    }
}

/// What is in the files.
#[derive(PartialEq)]
struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

fn certificates(file: &Path, content: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(content).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(format!("{} has no certificate", file.display())),
        Ok(certificates) => Ok(certificates),
        // What the parser says shows bytes of the file.
        Err(_) => Err(format!("{} is not a whole PEM file of certificates", file.display())),
    }
}

fn read_bounded(what: &str, file: &Path) -> Result<Vec<u8>, String> {
    let read = || {
        let mut bytes = Vec::new();
        File::open(file)?.take(MAX_FILE).read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    read().map_err(|error| format!("cannot read the {what} {}: {error}", file.display()))
}

/// Answers the handshakes of clients with the files as they are now.
#[derive(Clone, Debug)]
pub(in crate::exporter) struct Acceptor(Arc<Reloaded<Content, ServerConfig>>);

impl Acceptor {
    /// A connection whose client has agreed; none for one that has not.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Option<TlsStream<S>> {
        if self.0.is_due() {
            let files = Arc::clone(&self.0);
            let _ = tokio::task::spawn_blocking(move || files.reload()).await;
        }
        TlsAcceptor::from(self.0.get()).accept(stream).await.ok()
    }

    /// What is wrong with the files now.
    pub(in crate::exporter) fn problem(&self) -> Option<String> {
        self.0.problem()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::SocketAddr;
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::timeout;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::ClientConfig;
    use tokio_rustls::rustls::pki_types::ServerName;

    use super::*;
    use crate::exporter::fixture::{TemporaryFile, catalog};
    use crate::{Exporter, Server};

    const LONG: Duration = Duration::from_secs(60);

    /// Who signs the certificates of a test.
    struct Authority(CertifiedIssuer<'static, KeyPair>);

    impl Authority {
        fn new() -> Self {
            let mut params = CertificateParams::new([]).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
        }

        fn pem(&self) -> String {
            self.0.pem()
        }

        /// A certificate and its key.
        fn signed(&self, name: &str) -> (String, String) {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new([name.to_owned()]).unwrap();
            (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
        }
    }

    /// The files of a server for `localhost`.
    struct Files {
        certificate: TemporaryFile,
        key: TemporaryFile,
    }

    impl Files {
        fn of(authority: &Authority) -> Self {
            let (certificate, key) = authority.signed("localhost");
            Self {
                certificate: TemporaryFile::holding(certificate.as_bytes()),
                key: TemporaryFile::holding(key.as_bytes()),
            }
        }

        fn replace(&self, authority: &Authority) {
            let (certificate, key) = authority.signed("localhost");
            fs::write(self.certificate.path(), certificate).unwrap();
            fs::write(self.key.path(), key).unwrap();
        }

        fn tls(&self) -> Tls {
            Tls::new(self.certificate.path(), self.key.path())
        }
    }

    async fn start(tls: Tls) -> (SocketAddr, Acceptor) {
        let exporter = Exporter::new(catalog()).tls(tls).unwrap();
        let acceptor = exporter.tls.clone().unwrap();
        let server: Server = exporter.bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        tokio::spawn(server.run());
        (address, acceptor)
    }

    /// What a client reads that trusts this authority, and has this certificate.
    async fn get(address: SocketAddr, trusted: &Authority, own: Option<(String, String)>) -> io::Result<String> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(trusted.pem().as_bytes()).unwrap())
            .unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut text = String::new();
        timeout(LONG, stream.read_to_string(&mut text)).await??;
        Ok(text)
    }

    fn is_scrape(answer: io::Result<String>) -> bool {
        answer.is_ok_and(|text| text.starts_with("HTTP/1.1 200 ") && text.ends_with(&catalog().render()))
    }

    #[tokio::test]
    async fn clients_that_cannot_agree_are_counted() {
        let (authority, stranger) = (Authority::new(), Authority::new());
        let exporter = Exporter::new(catalog()).self_metrics();
        let server = exporter.tls(Files::of(&authority).tls()).unwrap().bind("127.0.0.1:0");
        let server = server.await.unwrap();
        let address = server.local_addr().unwrap();
        tokio::spawn(server.run());

        let mut plain = TcpStream::connect(address).await.unwrap();
        plain
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        assert!(get(address, &stranger, None).await.is_err());
        let began = std::time::Instant::now();
        let counted = r#"enumetrics_exporter_refused_requests_total{reason="tls"} 2"#;
        while !get(address, &authority, None).await.unwrap().contains(counted) {
            assert!(began.elapsed() < LONG);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    #[tokio::test]
    async fn a_scrape_comes_encrypted_and_not_otherwise() {
        let (authority, stranger) = (Authority::new(), Authority::new());
        let files = Files::of(&authority);
        let (address, _) = start(files.tls()).await;
        assert!(is_scrape(get(address, &authority, None).await));
        assert!(get(address, &stranger, None).await.is_err());

        let mut plain = TcpStream::connect(address).await.unwrap();
        plain
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = Vec::new();
        let _ = timeout(LONG, plain.read_to_end(&mut answer))
            .await
            .expect("it is closed");
        assert!(!answer.starts_with(b"HTTP"));
    }

    #[tokio::test]
    async fn clients_need_a_certificate_where_one_is_asked_for() {
        let (authority, stranger) = (Authority::new(), Authority::new());
        let files = Files::of(&authority);
        let ca = TemporaryFile::holding(authority.pem().as_bytes());
        for (tls, without) in [
            (files.tls().client_ca(ca.path()), false),
            (files.tls().client_ca_if_given(ca.path()), true),
        ] {
            let (address, _) = start(tls).await;
            let right = Some(authority.signed("prometheus"));
            assert!(is_scrape(get(address, &authority, right).await));
            let wrong = Some(stranger.signed("prometheus"));
            assert!(!is_scrape(get(address, &authority, wrong).await));
            assert_eq!(is_scrape(get(address, &authority, None).await), without);
        }
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
        let (old, new) = (Authority::new(), Authority::new());
        let files = Files::of(&old);
        let (address, acceptor) = start(files.tls()).await;
        assert!(is_scrape(get(address, &old, None).await));

        files.replace(&new);
        acceptor.0.age();
        assert!(is_scrape(get(address, &new, None).await));
        assert!(get(address, &old, None).await.is_err());
        assert_eq!(acceptor.problem(), None);

        let half = fs::read(files.certificate.path()).unwrap();
        fs::write(files.certificate.path(), &half[..half.len() / 2]).unwrap();
        acceptor.0.age();
        let scrape = get(address, &new, None).await.unwrap();
        assert!(
            scrape.contains(" is not a whole PEM file of certificates; the last good one stays in force\n"),
            "{scrape}"
        );
        fs::remove_file(files.key.path()).unwrap();
        acceptor.0.age();
        let scrape = get(address, &new, None).await.unwrap();
        assert!(scrape.contains("# enumetrics: cannot read the key "), "{scrape}");
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let authority = Authority::new();
        let (files, others) = (Files::of(&authority), Files::of(&authority));
        let empty = TemporaryFile::holding(b"");
        for (tls, file, problem) in [
            (
                Tls::new("/nonexistent", files.key.path()),
                Path::new("/nonexistent"),
                "cannot read the certificate",
            ),
            (
                Tls::new(empty.path(), files.key.path()),
                empty.path(),
                "has no certificate",
            ),
            (
                Tls::new(files.certificate.path(), empty.path()),
                empty.path(),
                "has no private key",
            ),
            (
                Tls::new(files.certificate.path(), files.certificate.path()),
                files.certificate.path(),
                "has no private key",
            ),
            (
                Tls::new(files.certificate.path(), others.key.path()),
                others.key.path(),
                "do not belong together",
            ),
            (files.tls().client_ca(empty.path()), empty.path(), "has no certificate"),
        ] {
            let error = Exporter::new(catalog()).tls(tls).unwrap_err().to_string();
            assert!(
                error.contains(problem) && error.contains(&*file.to_string_lossy()),
                "{error}"
            );
            assert!(!error.contains("PRIVATE"), "{error}");
        }
    }
}
