//! Files that are read again while the program runs.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How old what was read may be. A scrape comes every few seconds; a flood of requests must not read a file for each.
const FRESH: Duration = Duration::from_secs(1);

/// Something made of files, made again when they change.
///
/// What cannot be read any more, or is half written, changes nothing: the last good one stays in force until there is
/// another, and [`problem`](Self::problem) says what is wrong.
///
/// The content is compared, not the time of the last change: that one has steps of milliseconds on some systems, and
/// secrets that are mounted into containers change by renaming a link.
pub(super) struct Reloaded<C, T> {
    read: Box<Read<C>>,
    make: Box<Make<C, T>>,
    state: Mutex<State<C, T>>,
}

type Read<C> = dyn Fn() -> Result<C, String> + Send + Sync;
type Make<C, T> = dyn Fn(&C) -> Result<T, String> + Send + Sync;

struct State<C, T> {
    content: C,
    made: Arc<T>,
    read_at: Instant,
    problem: Option<String>,
}

/// What has to be done from time to time, whatever is made of the files.
pub(super) trait Reload: fmt::Debug + Send + Sync {
    /// Whether it is time to [`reload`](Self::reload).
    fn is_due(&self) -> bool;

    /// Reads again. Blocks for as long as the file system does; those who want the last good one do not wait for that.
    fn reload(&self);

    /// What is wrong with the files now, if anything.
    fn problem(&self) -> Option<String>;
}

impl<C: PartialEq, T> Reloaded<C, T> {
    /// Reads and makes the first one, with the error if there is none. `read` returns all that `make` looks at.
    pub(super) fn new(
        read: impl Fn() -> Result<C, String> + Send + Sync + 'static,
        make: impl Fn(&C) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let content = read()?;
        let made = Arc::new(make(&content)?);
        Ok(Self {
            read: Box::new(read),
            make: Box::new(make),
            state: Mutex::new(State {
                content,
                made,
                read_at: Instant::now(),
                problem: None,
            }),
        })
    }

    /// The last good one.
    pub(super) fn get(&self) -> Arc<T> {
        Arc::clone(&self.state().made)
    }

    /// For tests, which do not wait for a second.
    #[cfg(test)]
    pub(super) fn age(&self) {
        self.state().read_at -= FRESH;
    }

    /// No code that can panic runs under the lock, so poison means nothing.
    fn state(&self) -> MutexGuard<'_, State<C, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: PartialEq + Send, T: Send + Sync> Reload for Reloaded<C, T> {
    fn is_due(&self) -> bool {
        self.state().read_at.elapsed() >= FRESH
    }

    fn reload(&self) {
        // Before the files are read: nobody else does it meanwhile.
        self.state().read_at = Instant::now();
        let content = (self.read)();
        let made = match content {
            // It may have been unreadable in between.
            Ok(content) if self.state().content == content => Ok(None),
            Ok(content) => (self.make)(&content).map(|made| Some((content, Arc::new(made)))),
            Err(problem) => Err(problem),
        };
        let mut state = self.state();
        match made {
            Ok(Some((content, made))) => (state.content, state.made, state.problem) = (content, made, None),
            Ok(None) => state.problem = None,
            Err(problem) => state.problem = Some(problem),
        }
    }

    fn problem(&self) -> Option<String> {
        self.state().problem.clone()
    }
}

/// Nothing of the content: it may be a secret.
impl<C: PartialEq, T> fmt::Debug for Reloaded<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloaded")
            .field("problem", &self.state().problem)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of numbers that the test writes.
    fn reloaded(file: &Arc<Mutex<Result<&'static str, &'static str>>>) -> Reloaded<String, u32> {
        let file = Arc::clone(file);
        Reloaded::new(
            move || file.lock().unwrap().map(Into::into).map_err(Into::into),
            |text: &String| text.parse().map_err(|error| format!("{text:?}: {error}")),
        )
        .unwrap()
    }

    #[test]
    fn the_last_good_one_stays_while_the_file_is_bad() {
        let file = Arc::new(Mutex::new(Ok("1")));
        let number = reloaded(&file);
        for (content, now, problem) in [
            (Ok("2"), 2, None),
            (Ok(""), 2, Some("\"\": cannot parse integer from empty string")),
            (Err("it is gone"), 2, Some("it is gone")),
            (Ok("2"), 2, None),
            (Ok("3"), 3, None),
        ] {
            *file.lock().unwrap() = content;
            number.reload();
            assert_eq!(*number.get(), now, "{content:?}");
            assert_eq!(number.problem().as_deref(), problem, "{content:?}");
        }
    }

    #[test]
    fn there_must_be_a_good_one_at_first() {
        let made = Reloaded::new(|| Ok(()), |()| Err::<(), _>("half written".to_owned()));
        assert_eq!(made.unwrap_err(), "half written");
    }

    #[test]
    fn what_is_fresh_is_not_read_again() {
        let file = Arc::new(Mutex::new(Ok("1")));
        let number = reloaded(&file);
        assert!(!number.is_due());
        number.age();
        assert!(number.is_due());
        number.reload();
        assert!(!number.is_due());
    }

    #[test]
    fn what_it_shows_is_not_the_content() {
        let shown = format!("{:?}", reloaded(&Arc::new(Mutex::new(Ok("4711")))));
        assert!(!shown.contains("4711"), "{shown}");
    }
}
