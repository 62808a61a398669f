//! The body of an answer: at once, or page by page.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::buffer::Buffer;
use super::render::Unwritten;

/// The body of an answer.
#[derive(Debug)]
pub(super) enum AnswerBody {
    /// All of it, or nothing more.
    Whole(Option<Bytes>),
    Pages(Pages),
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
    Writing(JoinHandle<(Buffer, Option<Unwritten>)>),
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
                    let (page, rest) = written.map_err(io::Error::other)?;
                    if let Some(rest) = rest {
                        self.state = State::Waiting(Box::new(rest));
                    }
                    return Poll::Ready(Some(Ok(Bytes::from_owner(page))));
                }
                State::End => return Poll::Ready(None),
            }
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let bytes = match self.get_mut() {
            Self::Whole(bytes) => bytes.take().map(Ok),
            Self::Pages(pages) => ready!(pages.poll_page(cx)),
        };
        Poll::Ready(bytes.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Pages(pages) => matches!(pages.state, State::End),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Pages(_) => SizeHint::default(),
        }
    }
}
