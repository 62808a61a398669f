//! The ten functions, how they are called, and how a call is brought to each end.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How long a call takes, at least; what is shorter is no duration of it.
pub const WORK: Duration = Duration::from_millis(10);

/// How a call ends.
#[derive(Clone, Copy, PartialEq)]
pub enum End {
    Ok,
    Error,
    Panic,
    /// Its future is dropped after the first poll.
    Cancelled,
}

impl End {
    pub const ALL: [Self; 4] = [Self::Ok, Self::Error, Self::Panic, Self::Cancelled];
}

#[derive(Debug)]
pub struct Failure;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

/// A `Result` that no macro sees as one.
pub type Answer = Result<u64, Failure>;

/// What a function of a peer is called by.
pub enum Call {
    Sync(fn(End) -> bool),
    Async(fn(End) -> Pin<Box<dyn Future<Output = bool>>>),
}

impl Call {
    /// The ends that a call can have.
    pub fn ends(&self) -> impl Iterator<Item = End> {
        let number = match self {
            Self::Sync(_) => 3,
            Self::Async(_) => 4,
        };
        End::ALL.into_iter().take(number)
    }

    /// Calls the function so that it ends so.
    pub fn make(&self, end: End) {
        // The panic is the call's end, and no mistake.
        let _ = catch_unwind(AssertUnwindSafe(|| match self {
            Self::Sync(function) => {
                function(end);
            }
            Self::Async(function) => {
                let mut future = function(end);
                let mut context = Context::from_waker(Waker::noop());
                let first = future.as_mut().poll(&mut context);
                assert!(first.is_pending(), "a call was done before it could be cancelled");
                std::thread::sleep(WORK);
                if end != End::Cancelled {
                    let second = future.as_mut().poll(&mut context);
                    assert!(second.is_ready(), "a call was not done");
                }
            }
        }));
    }
}

/// The names of the ten functions, and what is said of each.
pub const FUNCTIONS: [(&str, &str); 10] = [
    ("plain", "`fn`"),
    ("asynchronous", "`async fn`"),
    ("method", "method, `async`"),
    ("trait_method", "method of a trait, `async`"),
    ("async_trait_method", "under `#[async_trait]`"),
    ("generic", "generic, `async`"),
    ("impl_future", "`-> impl Future`"),
    ("boxed_future", "`-> Pin<Box<dyn Future>>`"),
    ("alias", "`async`, alias of a `Result`"),
    ("option", "`async`, `Option`"),
];

/// What a function does that waits for nothing.
pub fn work(end: End) -> Answer {
    std::thread::sleep(WORK);
    finish(end)
}

fn finish(end: End) -> Answer {
    match end {
        End::Ok => Ok(1),
        End::Error => Err(Failure),
        End::Panic | End::Cancelled => panic!("as asked"),
    }
}

/// The same between two polls.
pub async fn wait(end: End) -> Answer {
    let mut waited = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
    finish(end)
}

pub trait Native {
    fn trait_method(&self, end: End) -> impl Future<Output = Answer>;
}

#[async_trait::async_trait]
pub trait Boxed {
    async fn async_trait_method(&self, end: End) -> Answer;
}

/// The ten functions of a peer, under its attribute, and `calls()`, by which they are called. The attribute of the function that
/// returns no `Result` stands last.
#[macro_export]
macro_rules! functions {
    (#[$result:meta] #[$option:meta]) => {
        use std::future::Future;
        use std::pin::Pin;

        use $crate::functions::{Answer, Boxed, Call, End, Failure, Native, wait, work};

        #[$result]
        fn plain(end: End) -> Result<u64, Failure> {
            work(end)
        }

        #[$result]
        async fn asynchronous(end: End) -> Result<u64, Failure> {
            wait(end).await
        }

        struct Service;

        impl Service {
            #[$result]
            async fn method(&self, end: End) -> Result<u64, Failure> {
                wait(end).await
            }
        }

        impl Native for Service {
            #[$result]
            async fn trait_method(&self, end: End) -> Result<u64, Failure> {
                wait(end).await
            }
        }

        #[async_trait::async_trait]
        impl Boxed for Service {
            #[$result]
            async fn async_trait_method(&self, end: End) -> Result<u64, Failure> {
                wait(end).await
            }
        }

        #[$result]
        async fn generic<T: Into<End>>(end: T) -> Result<u64, Failure> {
            wait(end.into()).await
        }

        #[$result]
        fn impl_future(end: End) -> impl Future<Output = Result<u64, Failure>> {
            async move { wait(end).await }
        }

        #[$result]
        fn boxed_future(end: End) -> Pin<Box<dyn Future<Output = Result<u64, Failure>>>> {
            Box::pin(async move { wait(end).await })
        }

        #[$result]
        async fn alias(end: End) -> Answer {
            wait(end).await
        }

        #[$option]
        async fn option(end: End) -> Option<u64> {
            wait(end).await.ok()
        }

        pub fn calls() -> [Call; 10] {
            [
                Call::Sync(|end| plain(end).is_ok()),
                Call::Async(|end| Box::pin(async move { asynchronous(end).await.is_ok() })),
                Call::Async(|end| Box::pin(async move { Service.method(end).await.is_ok() })),
                Call::Async(|end| Box::pin(async move { Service.trait_method(end).await.is_ok() })),
                Call::Async(|end| Box::pin(async move { Service.async_trait_method(end).await.is_ok() })),
                Call::Async(|end| Box::pin(async move { generic(end).await.is_ok() })),
                Call::Async(|end| Box::pin(async move { impl_future(end).await.is_ok() })),
                Call::Async(|end| Box::pin(async move { boxed_future(end).await.is_ok() })),
                Call::Async(|end| Box::pin(async move { alias(end).await.is_ok() })),
                Call::Async(|end| Box::pin(async move { option(end).await.is_some() })),
            ]
        }
    };
}
