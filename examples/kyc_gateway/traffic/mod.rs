//! The built-in customers: real HTTP against the gateway, with a realistic mix of good and bad luck.

mod people;
mod story;
mod tally;

pub use tally::Tally;

use crate::api::DEMO_ADDRESS;
use crate::http_client::{HttpClient, HttpError};
use crate::metrics::Handler;
use crate::random::Random;
use crate::terminal::say;
use axum::body::Bytes;
use axum::http::{self, Request, header};
use enumetrics::{LabelValue, Method};
use http_body_util::Full;
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use story::{Action, Dealer, Nonsense, Step};
use tally::Outcome;
use tokio::task::JoinSet;

/// How long an impatient customer waits.
const PATIENCE: Duration = Duration::from_millis(300);

/// All customers together.
#[derive(Debug)]
pub struct Crowd {
    http: HttpClient,
    gateway: SocketAddr,
    start: Instant,
    shared: Mutex<Shared>,
}

#[derive(Debug)]
struct Shared {
    dealer: Dealer,
    tally: Tally,
    /// How many requests may still be sent.
    budget: u64,
}

/// The budget is spent.
#[derive(Debug)]
struct Enough;

impl Crowd {
    /// Customers of the gateway at `gateway`, who send `requests` requests at most.
    pub fn new(gateway: SocketAddr, seed: u64, requests: u64) -> Arc<Self> {
        let shared = Shared {
            dealer: Dealer::new(seed),
            tally: Tally::default(),
            budget: requests,
        };
        Arc::new(Self {
            http: HttpClient::new(),
            gateway,
            start: Instant::now(),
            shared: Mutex::new(shared),
        })
    }

    /// Lets customers come, `at_once` at the same time and each after a pause of at most `pause`, until all requests
    /// are sent. If this is dropped before, the customers under way leave.
    pub async fn come(self: &Arc<Self>, at_once: u64, pause: Duration) {
        let mut customers = JoinSet::new();
        for queue in 0..at_once {
            let crowd = Arc::clone(self);
            customers.spawn(async move {
                let mut random = Random::new(queue);
                loop {
                    tokio::time::sleep(pause.mul_f64(random.between(0.0, 1.0))).await;
                    let steps = crowd.lock().dealer.next_customer();
                    if crowd.serve(steps).await.is_err() {
                        break;
                    }
                }
            });
        }
        while customers.join_next().await.is_some() {}
    }

    /// What the customers saw so far.
    pub fn tally(&self) -> Tally {
        self.lock().tally.clone()
    }

    async fn serve(&self, steps: Vec<Step>) -> Result<(), Enough> {
        let mut session = String::new();
        for step in steps {
            let opens = matches!(step.action, Action::Open { .. });
            if session.is_empty() && !opens {
                // No session was opened, so there is nothing to do in it.
                return Ok(());
            }
            self.spend()?;
            match self.send(step, &session).await {
                Ok(Outcome::Answered(_, told)) if opens => session = told.session_id.unwrap_or_default(),
                Ok(_) => {}
                Err(error) => say(format_args!("{:>8.3}s  {error}", self.start.elapsed().as_secs_f64())),
            }
        }
        Ok(())
    }

    /// Sends one request, and says and counts how it ended.
    async fn send(&self, step: Step, session: &str) -> Result<Outcome, HttpError> {
        let Step { address, action } = step;
        let (handler, method, request) = self.request(address, &action, session).map_err(HttpError::Request)?;
        let start = Instant::now();
        let answer = self.http.send(request);
        let outcome = match action {
            Action::VerifyAndLeave(module, _) => match tokio::time::timeout(PATIENCE, answer).await {
                Ok(answer) => Outcome::answered(&answer?),
                Err(_) => Outcome::Left(module),
            },
            _ => Outcome::answered(&answer.await?),
        };
        say(format_args!(
            "{:>8.3}s  {address:<15} {:<6} {:<14} {:>5} ms  {outcome}",
            self.start.elapsed().as_secs_f64(),
            method.value(),
            handler.value(),
            start.elapsed().as_millis(),
        ));
        self.lock().tally.add(handler, method, &outcome);
        Ok(outcome)
    }

    fn request(
        &self,
        address: IpAddr,
        action: &Action,
        session: &str,
    ) -> Result<(Handler, Method, Request<Full<Bytes>>), http::Error> {
        let mut content_type = "application/json";
        let in_session = |body: &Value| {
            let mut body = body.clone();
            body["session_id"] = json!(session);
            body.to_string()
        };
        let (handler, method, path, body) = match action {
            Action::Open { device } => (
                Handler::Sessions,
                Method::Post,
                "/sessions",
                json!({ "device_id": device }).to_string(),
            ),
            Action::Close => (
                Handler::Session,
                Method::Delete,
                &*format!("/sessions/{session}"),
                String::new(),
            ),
            Action::Verify(body) | Action::VerifyAndLeave(_, body) => {
                (Handler::Verify, Method::Post, "/verify", in_session(body))
            }
            Action::Nonsense(nonsense, body) => {
                let mut body = in_session(body);
                match nonsense {
                    Nonsense::Truncated => body.truncate(body.len() / 2),
                    Nonsense::WrongContentType => content_type = "text/plain",
                    Nonsense::WrongField | Nonsense::WrongMethod | Nonsense::WrongPath => {}
                }
                match nonsense {
                    Nonsense::WrongMethod => (Handler::Verify, Method::Get, "/verify", body),
                    Nonsense::WrongPath => (Handler::Other, Method::Post, "/verfy", body),
                    _ => (Handler::Verify, Method::Post, "/verify", body),
                }
            }
        };
        let request = Request::builder()
            .method(method.value())
            .uri(format!("http://{}{path}", self.gateway))
            .header(DEMO_ADDRESS, address.to_string())
            .header(header::CONTENT_TYPE, content_type)
            .body(Full::from(body))?;
        Ok((handler, method, request))
    }

    fn spend(&self) -> Result<(), Enough> {
        let mut shared = self.lock();
        shared.budget = shared.budget.checked_sub(1).ok_or(Enough)?;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
