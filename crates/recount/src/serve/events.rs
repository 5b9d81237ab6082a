//! What windows are told without asking: server-sent events, `case` and `job`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::{News, Server};

/// A window whose computer slept notices by these that nobody is there any more.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// The stream of news, begun with the revision of now: a window that comes back after the server
/// was away looks at everything anew.
#[allow(clippy::unused_async, reason = "what answers a request is asynchronous")]
pub async fn events(
    State(server): State<Arc<Server>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = server.news.subscribe();
    let first = Some(server.revision.load(Ordering::Acquire));
    let stream = stream::unfold((first, news, server), |(first, mut news, server)| async move {
        let told = match first {
            Some(revision) => News::Case(revision),
            None => match news.recv().await {
                Ok(told) => told,
                Err(RecvError::Lagged(_)) => News::Case(server.revision.load(Ordering::Acquire)),
                Err(RecvError::Closed) => return None,
            },
        };
        Some((Ok(event(&told)), (None, news, server)))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(ALIVE_EVERY))
}

fn event(news: &News) -> Event {
    let (name, data) = match news {
        News::Case(revision) => ("case", json!({ "revision": revision })),
        News::Job(job) => ("job", json!(job)),
    };
    Event::default().event(name).data(data.to_string())
}
