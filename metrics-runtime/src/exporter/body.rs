//! The body of an answer: at once, or page by page.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::render::Unwritten;

/// The body of an answer to a request for metrics. It comes in pages; no error of it is the client's.
#[derive(Debug)]
pub struct ScrapeBody {
    content: Content,
    /// Dropped with it.
    held: Option<Box<dyn Any + Send>>,
}

#[derive(Debug)]
enum Content {
    /// All of it, or nothing more.
    Whole(Option<Bytes>),
    Pages(Pages),
}

impl ScrapeBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self {
            content: Content::Whole(Some(bytes)),
            held: None,
        }
    }

    pub(super) fn pages(pages: Pages) -> Self {
        Self {
            content: Content::Pages(pages),
            held: None,
        }
    }

    /// Keeps something until the body is sent, or given up.
    pub(super) fn hold(mut self, held: impl Any + Send) -> Self {
        self.held = Some(Box::new(held));
        self
    }
}

/// A scrape of several pages.
///
/// A page is written when the server asks for it, which it does when the client has taken most of those before: a
/// client that reads slowly, or not at all, holds a few pages and no thread. One that leaves drops this, and nothing
/// more is written.
#[derive(Debug)]
pub(super) struct Pages {
    state: State,
    runtime: Handle,
}

#[derive(Debug)]
enum State {
    /// This page is written, and this is not.
    Written(Bytes, Box<Unwritten>),
    Waiting(Box<Unwritten>),
    /// On a thread that may block: a page takes longer than a task should run.
    Writing(JoinHandle<io::Result<(Bytes, Option<Unwritten>)>>),
    End,
}

impl Pages {
    pub(super) fn new(first: Bytes, rest: Unwritten, runtime: Handle) -> Self {
        Self {
            state: State::Written(first, Box::new(rest)),
            runtime,
        }
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match std::mem::replace(&mut self.state, State::End) {
                State::Written(page, rest) => {
                    self.state = State::Waiting(rest);
                    return Poll::Ready(Some(Ok(page)));
                }
                State::Waiting(rest) => {
                    self.state = State::Writing(self.runtime.spawn_blocking(move || rest.write_page()));
                }
                State::Writing(mut writing) => {
                    let Poll::Ready(written) = Pin::new(&mut writing).poll(cx) else {
                        self.state = State::Writing(writing);
                        return Poll::Pending;
                    };
                    // A scrape that ends early is broken off, so that nobody takes it for a whole one.
                    let (page, rest) = written.map_err(io::Error::other)??;
                    if let Some(rest) = rest {
                        self.state = State::Waiting(Box::new(rest));
                    }
                    return Poll::Ready(Some(Ok(page)));
                }
                State::End => return Poll::Ready(None),
            }
        }
    }
}

impl Body for ScrapeBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let bytes = match &mut self.get_mut().content {
            Content::Whole(bytes) => bytes.take().map(Ok),
            Content::Pages(pages) => ready!(pages.poll_page(cx)),
        };
        Poll::Ready(bytes.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Content::Pages(pages) => matches!(pages.state, State::End),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Content::Pages(_) => SizeHint::default(),
        }
    }
}
