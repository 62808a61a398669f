//! Who may scrape.

#[cfg(feature = "bcrypt")]
mod bcrypt;
mod secret;
mod token;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;
use subtle::Choice;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::sleep;

#[cfg(feature = "web-config")]
pub(super) use self::bcrypt::Hash;
#[cfg(feature = "bcrypt")]
pub(super) use self::bcrypt::Hashed;
use self::secret::{Held, read_secret};
pub use self::secret::{Secret, SecretError};
#[cfg(feature = "bcrypt")]
use self::token::Scheme;
use self::token::{MAX_CREDENTIALS, MAX_TOKEN, Token};
use super::error::ExporterError;
use super::reload::{Reload, Reloaded};

/// How long the answer to a wrong secret takes. Whoever guesses holds a connection meanwhile, of which there are few; and
/// Prometheus, which may wait for no longer than a second, sees why it gets nothing.
const DELAY: Duration = Duration::from_millis(500);
/// How many such answers wait. Where the program's own server takes the connections, they may be more than ours would be.
const MOST_WAITING: usize = 256;

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Client {
    At(IpAddr),
    /// From this machine, through a Unix socket: the permissions of its file say who may use it.
    Local,
    /// The server does not say.
    Unknown,
}

/// Why someone may not scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The client's address is not in the list.
    Address,
    /// There is a list, and nobody said which address the client has.
    UnknownAddress,
    /// No secret, or a wrong one.
    Secret,
    /// A wrong one, like so many others at this moment.
    TooManyGuesses,
}

/// Who may scrape: everyone, until it is told otherwise.
#[derive(Clone, Debug)]
pub(super) struct Access {
    networks: Vec<IpNet>,
    secrets: Vec<Known>,
    #[cfg(feature = "bcrypt")]
    hashed: Vec<Hashed>,
    #[cfg(feature = "web-config")]
    listed: Vec<Arc<Users>>,
    /// What all of these are read from.
    files: Vec<Arc<dyn Reload>>,
    /// For the header that says what is missing.
    asks_for_password: bool,
    asks_for_token: bool,
    /// The waiting answers to wrong secrets.
    waiting: Arc<Semaphore>,
    delay: Duration,
    #[cfg(feature = "bcrypt")]
    checking: Arc<Semaphore>,
}

/// Users in a file, as they are now.
#[cfg(feature = "web-config")]
pub(super) type Users = Reloaded<Vec<(String, String)>, Vec<Hashed>>;

/// A token that is let in.
#[derive(Clone, Debug)]
enum Known {
    Fixed(Arc<Token>),
    /// The one in a file, as it is now.
    InFile(Arc<Reloaded<String, Token>>),
}

impl Access {
    /// Everyone.
    pub(super) fn new() -> Self {
        Self {
            networks: Vec::new(),
            secrets: Vec::new(),
            #[cfg(feature = "bcrypt")]
            hashed: Vec::new(),
            #[cfg(feature = "web-config")]
            listed: Vec::new(),
            files: Vec::new(),
            asks_for_password: false,
            asks_for_token: false,
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            delay: DELAY,
            #[cfg(feature = "bcrypt")]
            checking: Arc::new(Semaphore::new(1)),
        }
    }

    /// Clients of this network. With the first one, only they.
    pub(super) fn add_network(&mut self, network: &str) -> Result<(), ExporterError> {
        let parsed = network.parse::<IpNet>().ok();
        // A single address is a network of one.
        let parsed = parsed.or_else(|| network.parse::<IpAddr>().ok().map(IpNet::from));
        let parsed = parsed.ok_or_else(|| ExporterError::Network {
            network: network.to_owned(),
        })?;
        self.networks.push(parsed);
        Ok(())
    }

    /// A user with a password. Refuses what no client could send.
    pub(super) fn add_user(&mut self, user: &str, password: Secret) -> Result<(), ExporterError> {
        if let Some(problem) = problem_of_user(user) {
            let user = user.to_owned();
            return Err(ExporterError::UserName { user, problem });
        }
        let owned = user.to_owned();
        let make = move |password: &str| match problem_of_password(&owned, password) {
            None => Ok(Token::basic(&owned, password)),
            Some(problem) => Err(format!("the password {problem}; choose another one")),
        };
        match password.0 {
            Held::Text(password) => self.add(make(&password).map(fixed))?,
            Held::File(path) => self.add(in_file(path, make))?,
            #[cfg(feature = "bcrypt")]
            Held::Hash(hash) => self.hashed.push(Hashed::new(user, hash)),
        }
        self.asks_for_password = true;
        Ok(())
    }

    /// A bearer token. Refuses what no client could send.
    pub(super) fn add_token(&mut self, token: Secret) -> Result<(), ExporterError> {
        let make = |token: &str| match problem_of_token(token) {
            None => Ok(Token::bearer(token)),
            Some(problem) => Err(format!("the token {problem}; choose another one")),
        };
        match token.0 {
            Held::Text(token) => self.add(make(&token).map(fixed))?,
            Held::File(path) => self.add(in_file(path, make))?,
            #[cfg(feature = "bcrypt")]
            Held::Hash(_) => self.add(Err(
                "a bearer token cannot be given as a hash; give it in a file".to_owned()
            ))?,
        }
        self.asks_for_token = true;
        Ok(())
    }

    /// The users of a file.
    #[cfg(feature = "web-config")]
    pub(super) fn add_users(&mut self, users: Arc<Users>) {
        self.files.push(Arc::clone(&users) as Arc<dyn Reload>);
        self.listed.push(users);
        self.asks_for_password = true;
    }

    fn add(&mut self, known: Result<Known, String>) -> Result<(), ExporterError> {
        let known = known.map_err(|problem| ExporterError::Secret { problem })?;
        if let Known::InFile(file) = &known {
            self.files.push(Arc::clone(file) as Arc<dyn Reload>);
        }
        self.secrets.push(known);
        Ok(())
    }

    /// Whether the request may scrape. A wrong secret is answered late, so that nobody tries many; every refusal of one
    /// is the same, and takes a time that says nothing about what was right.
    pub(super) async fn admit(&self, client: Client, headers: &HeaderMap) -> Result<(), Refusal> {
        if !self.networks.is_empty() {
            self.find_network(client)?;
        }
        if self.is_open() {
            return Ok(());
        }
        self.reload().await;
        let Some(sent) = Token::sent(headers) else {
            return Err(Refusal::Secret);
        };
        if self.is_known(&sent) || self.is_hashed(&sent).await {
            return Ok(());
        }
        match self.waiting.try_acquire() {
            Ok(_place) => sleep(self.delay).await,
            Err(_) => return Err(Refusal::TooManyGuesses),
        }
        Err(Refusal::Secret)
    }

    /// What the header `WWW-Authenticate` asks for ([RFC 9110, section 11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)).
    pub(super) fn challenges(&self) -> impl Iterator<Item = HeaderValue> {
        let basic = HeaderValue::from_static("Basic realm=\"metrics\", charset=\"UTF-8\"");
        let bearer = HeaderValue::from_static("Bearer realm=\"metrics\"");
        let basic = self.asks_for_password.then_some(basic);
        basic.into_iter().chain(self.asks_for_token.then_some(bearer))
    }

    /// What is wrong with the files now.
    pub(super) fn problems(&self) -> impl Iterator<Item = String> {
        self.files.iter().filter_map(|file| file.problem())
    }

    fn is_open(&self) -> bool {
        !self.asks_for_password && !self.asks_for_token
    }

    fn find_network(&self, client: Client) -> Result<(), Refusal> {
        let address = match client {
            // An IPv4 client of a listener for both is ::ffff:a.b.c.d.
            Client::At(address) => address.to_canonical(),
            Client::Local => return Ok(()),
            Client::Unknown => return Err(Refusal::UnknownAddress),
        };
        match self.networks.iter().any(|network| network.contains(&address)) {
            true => Ok(()),
            false => Err(Refusal::Address),
        }
    }

    /// Reads the files that were not read for a while, on a thread that may block.
    async fn reload(&self) {
        let due: Vec<_> = self.files.iter().filter(|file| file.is_due()).cloned().collect();
        if !due.is_empty() {
            off_the_task(move || due.iter().for_each(|file| file.reload())).await;
        }
    }

    /// Compares with all of them, whichever it is.
    fn is_known(&self, sent: &Token) -> bool {
        let known = self.secrets.iter().fold(Choice::from(0), |found, known| {
            found
                | match known {
                    Known::Fixed(token) => token.equals(sent),
                    Known::InFile(file) => file.get().equals(sent),
                }
        });
        #[cfg(feature = "bcrypt")]
        let known = self
            .hashed()
            .iter()
            .fold(known, |found, user| found | user.is_known(sent));
        known.into()
    }

    #[cfg(feature = "bcrypt")]
    fn hashed(&self) -> Vec<Hashed> {
        let users = self.hashed.clone();
        #[cfg(feature = "web-config")]
        let users = self.listed.iter().fold(users, |mut users, listed| {
            users.extend(listed.get().iter().cloned());
            users
        });
        users
    }

    /// Whether it is a password of which only the hash is known. One at a time: that takes long, and is meant to.
    #[cfg(feature = "bcrypt")]
    async fn is_hashed(&self, sent: &Token) -> bool {
        let users = self.hashed();
        if users.is_empty() || sent.scheme() != Scheme::Basic {
            return false;
        }
        let Ok(turn) = Arc::clone(&self.checking).acquire_owned().await else {
            return false;
        };
        let sent = sent.clone();
        let check = move || {
            // To the end of the check, also if the client has gone meanwhile.
            let _turn = turn;
            bcrypt::check(&users, &sent)
        };
        off_the_task(check).await.unwrap_or(false)
    }

    #[cfg(not(feature = "bcrypt"))]
    async fn is_hashed(&self, _: &Token) -> bool {
        false
    }
}

/// Runs what takes long where that harms nobody. Nothing, when the runtime is shutting down.
async fn off_the_task<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let runtime = Handle::try_current().ok()?;
    runtime.spawn_blocking(work).await.ok()
}

fn fixed(token: Token) -> Known {
    Known::Fixed(Arc::new(token))
}

fn in_file(
    path: PathBuf,
    make: impl Fn(&str) -> Result<Token, String> + Send + Sync + 'static,
) -> Result<Known, String> {
    let read = move || read_secret(&path).map_err(|error| error.to_string());
    let file = Reloaded::new(read, move |secret: &String| make(secret))?;
    Ok(Known::InFile(Arc::new(file)))
}

fn problem_of_user(user: &str) -> Option<&'static str> {
    if user.is_empty() {
        Some("is empty")
    } else if user.contains(':') {
        Some("contains a colon, which ends the user name in HTTP Basic authentication")
    } else if user.chars().any(char::is_control) {
        Some("contains a control character, which HTTP Basic authentication cannot carry")
    } else {
        None
    }
}

fn problem_of_password(user: &str, password: &str) -> Option<&'static str> {
    if password.is_empty() {
        Some("is empty, which would let everyone in who knows the user name")
    } else if password.chars().any(char::is_control) {
        Some("contains a control character, which HTTP Basic authentication cannot carry")
    } else if user.len() + 1 + password.len() > MAX_CREDENTIALS {
        Some("is longer, together with the user name, than 767 bytes")
    } else {
        None
    }
}

/// Source: [RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1), a little wider: whatever is one word.
fn problem_of_token(token: &str) -> Option<&'static str> {
    if token.is_empty() {
        Some("is empty, which would let everyone in")
    } else if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("contains a blank or another character that a bearer token cannot have")
    } else if token.len() > MAX_TOKEN {
        Some("is longer than 1024 bytes")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use http::header::AUTHORIZATION;

    use super::*;
    use crate::exporter::fixture::TemporaryFile;

    fn guarded(guard: impl FnOnce(&mut Access) -> Result<(), ExporterError>) -> Access {
        let mut access = Access::new();
        access.delay = Duration::ZERO;
        guard(&mut access).unwrap();
        access
    }

    async fn asked(access: &Access, header: Option<&str>) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        }
        access.admit(Client::Local, &headers).await
    }

    fn basic(user: &str, password: &str) -> String {
        use base64::prelude::{BASE64_STANDARD, Engine as _};
        format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
    }

    #[tokio::test]
    async fn everyone_is_let_in_until_someone_is_named() {
        assert_eq!(asked(&Access::new(), None).await, Ok(()));
        assert_eq!(Access::new().challenges().count(), 0);
    }

    #[tokio::test]
    async fn every_user_has_a_password_and_every_token_counts() {
        let access = guarded(|access| {
            access.add_user("prometheus", Secret::new("one"))?;
            access.add_user("grafana", Secret::new("two"))?;
            access.add_token(Secret::new("three"))
        });
        for right in [
            basic("prometheus", "one"),
            basic("grafana", "two"),
            "Bearer three".to_owned(),
        ] {
            assert_eq!(asked(&access, Some(&right)).await, Ok(()), "{right}");
        }
        for wrong in [
            basic("prometheus", "two"),
            basic("grafana", "one"),
            "Bearer one".to_owned(),
            "x".to_owned(),
        ] {
            assert_eq!(asked(&access, Some(&wrong)).await, Err(Refusal::Secret), "{wrong}");
        }
        assert_eq!(asked(&access, None).await, Err(Refusal::Secret));
        assert_eq!(access.challenges().count(), 2);
    }

    #[tokio::test]
    async fn only_the_networks_that_are_named() {
        let access = guarded(|access| {
            access.add_network("10.1.0.0/16")?;
            access.add_network("192.0.2.7")?;
            access.add_network("2001:db8::/32")
        });
        for (client, answer) in [
            ("10.1.255.255", Ok(())),
            ("::ffff:10.1.2.3", Ok(())),
            ("192.0.2.7", Ok(())),
            ("2001:db8::1", Ok(())),
            ("10.2.0.0", Err(Refusal::Address)),
            ("192.0.2.8", Err(Refusal::Address)),
            ("::1", Err(Refusal::Address)),
        ] {
            let client = client.parse().unwrap();
            assert_eq!(
                access.admit(Client::At(client), &HeaderMap::new()).await,
                answer,
                "{client}"
            );
        }
        let unknown = access.admit(Client::Unknown, &HeaderMap::new()).await;
        assert_eq!(unknown, Err(Refusal::UnknownAddress));
        assert_eq!(access.admit(Client::Local, &HeaderMap::new()).await, Ok(()));
    }

    #[test]
    fn what_is_no_network_is_named() {
        for bad in ["", "10.0.0.0/33", "localhost", "10.0.0.0/8/8"] {
            let error = Access::new().add_network(bad).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{bad:?} is no network")), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_that_changes_changes_the_secret() {
        let file = TemporaryFile::holding(b"old\n");
        let access = guarded(|access| access.add_user("u", Secret::from_file(file.path()).unwrap()));
        for (content, old, new, problems) in [
            (Some("old"), true, false, 0),
            (Some("new"), false, true, 0),
            // Half written, or gone: the last good one.
            (Some(""), false, true, 1),
            (None, false, true, 1),
            (Some("old"), true, false, 0),
        ] {
            match content {
                Some(content) => fs::write(file.path(), content).unwrap(),
                None => fs::remove_file(file.path()).unwrap(),
            }
            for known in &access.secrets {
                let Known::InFile(file) = known else {
                    panic!("it is in a file")
                };
                file.age();
            }
            assert_eq!(
                asked(&access, Some(&basic("u", "old"))).await.is_ok(),
                old,
                "{content:?}"
            );
            assert_eq!(
                asked(&access, Some(&basic("u", "new"))).await.is_ok(),
                new,
                "{content:?}"
            );
            assert_eq!(access.problems().count(), problems, "{content:?}");
        }
    }

    #[cfg(feature = "bcrypt")]
    #[tokio::test]
    async fn a_password_may_be_known_by_its_hash() {
        let hash = ::bcrypt::hash("secret", 4).unwrap();
        let access = guarded(|access| {
            access.add_user("prometheus", Secret::bcrypt(hash).unwrap())?;
            access.add_user("grafana", Secret::new("plain"))
        });
        // The second time from memory.
        for _ in 0..2 {
            assert_eq!(asked(&access, Some(&basic("prometheus", "secret"))).await, Ok(()));
            assert_eq!(asked(&access, Some(&basic("grafana", "plain"))).await, Ok(()));
            for wrong in [
                basic("prometheus", "plain"),
                basic("nobody", "secret"),
                "Bearer secret".to_owned(),
            ] {
                assert_eq!(asked(&access, Some(&wrong)).await, Err(Refusal::Secret), "{wrong}");
            }
        }
        let refused = Access::new().add_token(Secret::bcrypt(::bcrypt::hash("x", 4).unwrap()).unwrap());
        assert!(refused.unwrap_err().to_string().contains("cannot be given as a hash"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_guess_is_answered_late_and_no_secret_at_once() {
        let mut access = guarded(|access| access.add_token(Secret::new("right")));
        access.delay = DELAY;
        let began = tokio::time::Instant::now();
        assert_eq!(asked(&access, None).await, Err(Refusal::Secret));
        assert_eq!(asked(&access, Some("Bearer right")).await, Ok(()));
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(asked(&access, Some("Bearer wrong")).await, Err(Refusal::Secret));
        assert!(began.elapsed() >= DELAY);

        let _all = access.waiting.try_acquire_many(MOST_WAITING as u32).unwrap();
        assert_eq!(asked(&access, Some("Bearer wrong")).await, Err(Refusal::TooManyGuesses));
        assert_eq!(asked(&access, Some("Bearer right")).await, Ok(()));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_a_reason() {
        let user = |user: &str, password: &str| {
            let added = Access::new().add_user(user, Secret::new(password));
            added.err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert!(user("", "x").contains("is empty"));
        assert!(user("a:b", "x").contains("\"a:b\" contains a colon"));
        assert!(user("a\n", "x").contains("control character"));
        assert!(user("a", "").contains("password is empty"));
        assert!(user("a", "x\ny").contains("control character"));
        assert!(!user("a", "secret\n").contains("secret"));
        let longest = "x".repeat(MAX_CREDENTIALS - 2);
        assert_eq!(user("u", &longest), "");
        assert!(user("uu", &longest).contains("767 bytes"));
        // The part after the first colon is the password's.
        assert_eq!(user("a", "x:y"), "");

        let token = |token: &str| {
            Access::new()
                .add_token(Secret::new(token))
                .err()
                .map(|error| error.to_string())
        };
        assert!(token("").unwrap().contains("is empty"));
        assert!(token("a b").unwrap().contains("blank"));
        assert!(token(&"x".repeat(MAX_TOKEN + 1)).unwrap().contains("1024"));
        assert_eq!(token(&"x".repeat(MAX_TOKEN)), None);
    }

    #[test]
    fn nothing_shows_a_secret() {
        let access = guarded(|access| {
            access.add_user("Aladdin", Secret::new("open sesame"))?;
            access.add_token(Secret::new("mF_9"))
        });
        let shown = format!("{access:?}");
        for secret in ["open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ", "mF_9"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
