//! Which address answers what, behind the guard; and what every answer says to the browser.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use evidence::SourceId;
use serde_json::{Value, json};

use super::answer::Failed;
use super::door::{self, wants_a_page};
use super::guard::{Refused, is_led_here, password_in};
use super::{Server, events, files, notes, peaks, pictures, proxies, said, search, sound, writes};

/// What a browser may do with what it gets: nothing from elsewhere, nothing to elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
                      media-src 'self' blob:; connect-src 'self'; font-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Has a browser ask its person for the password.
const ASKS_PASSWORD: HeaderValue =
    HeaderValue::from_static("Basic realm=\"Recount\", charset=\"UTF-8\"");

/// For who follows a link from elsewhere, without the cookie that such a way keeps back. What it asks for
/// brings the cookie, if there is one, and then asks for the page once more from here.
const COME_AGAIN: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Recount</title>\n\
                          <script src=\"/again.js\"></script>\n\
                          <p><a href=\"/\">Open the case</a></p>\n";

/// `GET /again.js`: to the same page as another address, with the moment that the link names.
const AGAIN: &str = "location.replace('/?' + location.hash);\n";

/// For all who try passwords together: 31 million tries take a year.
const WRONG_PASSWORD_TAKES: Duration = Duration::from_secs(1);

/// Everything the server answers.
pub fn app(server: &Arc<Server>) -> Router {
    Router::new()
        .route("/again.js", get(|| async { ([(CONTENT_TYPE, "text/javascript")], AGAIN) }))
        .route("/api/case", get(case))
        .route("/api/events", get(events::events))
        .route("/api/said", get(said::said))
        .route("/api/search", get(search::search))
        .route("/api/why/{id}", get(why))
        .route("/api/proxy/{id}", post(proxies::ask))
        .route("/api/place", post(writes::place))
        .route("/api/name", post(writes::name))
        .route("/api/correct", post(writes::correct))
        .route("/api/undo/{id}", post(writes::undo))
        .route("/api/add", post(writes::add))
        .route("/api/jobs/{id}/stop", post(stop))
        .route("/api/markers", post(notes::add))
        .route("/api/markers/{id}", put(notes::put).delete(notes::delete))
        .route("/api/veil", put(notes::veil))
        .route("/media/{id}", get(files::media))
        .route("/proxy/{id}", get(proxies::get))
        .route("/peaks/{id}", get(peaks::peaks))
        .route("/sound/{id}", get(sound::sound))
        .route("/frames/{id}", get(pictures::frames))
        .route("/thumbs/{id}/{sheet}", get(pictures::thumbs))
        .route("/", get(front))
        .route("/{*path}", get(page))
        .layer(from_fn_with_state(Arc::clone(server), guarded))
        .with_state(Arc::clone(server))
}

/// Lets a request through, or not; and puts on every answer what the browser is to keep to.
async fn guarded(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let is_entrance = is_entrance(&request);
    let is_led_here = is_entrance && is_led_here(request.headers());
    let wants_a_page = wants_a_page(request.method(), request.headers());
    let admitted = match admit(&server, &request) {
        Ok(Admitted::Tries(password)) => {
            if try_password(&server, password).await {
                enter(&server, is_led_here)
            } else {
                Err(Refused::NoPassword)
            }
        }
        Ok(Admitted::Enters) => enter(&server, is_led_here),
        Ok(Admitted::LedOn) => Ok(led_on()),
        Ok(Admitted::Known) => Ok(next.run(request).await),
        Err(refused) => Err(refused),
    };
    let mut response = admitted.unwrap_or_else(|refused| {
        if is_led_here && matches!(refused, Refused::Unknown | Refused::NoPassword) {
            return Html(COME_AGAIN).into_response();
        }
        let mut response = if wants_a_page {
            door::closed(refused)
        } else {
            let (status, sentence) = refused.told();
            Failed::new(status, sentence).into_response()
        };
        if refused == Refused::NoPassword && is_entrance {
            response.headers_mut().insert(WWW_AUTHENTICATE, ASKS_PASSWORD);
        }
        response
    });
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What is evidence stays out of the browser's store, unless an answer says otherwise.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether a request is for the page itself, where token or password let somebody in.
fn is_entrance(request: &Request) -> bool {
    request.uri().path() == "/" && *request.method() == Method::GET
}

/// What becomes of a request that is neither misled nor forged.
enum Admitted {
    /// It is answered.
    Known,
    /// It brings the token of the address.
    Enters,
    /// It brings an old token, and a cookie: the page as if it had brought none.
    LedOn,
    /// It brings a password, which may be the right one.
    Tries(Vec<u8>),
}

fn admit(server: &Server, request: &Request) -> Result<Admitted, Refused> {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let guard = &server.guard;
    guard.place(method, uri, headers)?;
    let person = guard.person(headers);
    if !is_entrance(request) {
        return person.map(|()| Admitted::Known);
    }
    let query = uri.query().unwrap_or_default();
    match query.split('&').find_map(|pair| pair.strip_prefix("token=")) {
        Some(token) if guard.knows(token) => return Ok(Admitted::Enters),
        // An old address in a browser that is known: the fragment says where it leads.
        Some(_) => return person.map(|()| Admitted::LedOn),
        None => {}
    }
    match (person, password_in(headers)) {
        (Err(Refused::NoPassword), Some(given)) => Ok(Admitted::Tries(given)),
        (person, _) => person.map(|()| Admitted::Known),
    }
}

fn led_on() -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, HeaderValue::from_static("/"))]).into_response()
}

/// Lets a browser in: its cookie, and on to the page; from elsewhere on the longer way, which brings the cookie.
fn enter(server: &Server, is_led_here: bool) -> Result<Response, Refused> {
    let cookie = HeaderValue::from_str(&server.guard.cookie()).map_err(|_| Refused::Unknown)?;
    let mut response = if is_led_here { Html(COME_AGAIN).into_response() } else { led_on() };
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// One try at a time, and a wrong one takes its time, also when whoever tried has hung up.
async fn try_password(server: &Arc<Server>, given: Vec<u8>) -> bool {
    let server = Arc::clone(server);
    let tried = tokio::spawn(async move {
        let _turn = server.trying.lock().await;
        let is_right = server.guard.is_password(&given);
        if !is_right {
            tokio::time::sleep(WRONG_PASSWORD_TAKES).await;
        }
        is_right
    });
    tried.await.unwrap_or(false)
}

/// Work that waits for a disk, away from the threads that answer.
pub async fn aside<T: Send + 'static>(
    server: &Arc<Server>,
    work: impl FnOnce(&Server) -> Result<T, Failed> + Send + 'static,
) -> Result<T, Failed> {
    let server = Arc::clone(server);
    let done = tokio::task::spawn_blocking(move || work(&server)).await;
    done.unwrap_or_else(|_| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Err(Failed::new(status, "the server is at its end or met a bug; see its terminal"))
    })
}

/// The source that an address names.
///
/// # Errors
/// If it names none.
pub fn source(text: &str) -> Result<SourceId, Failed> {
    text.parse().map_err(|_| Failed::missing("a source is named by its SHA-256"))
}

/// For a source that the case does not hold.
pub fn no_such_recording() -> Failed {
    Failed::missing("the case holds no such recording")
}

async fn front(State(server): State<Arc<Server>>) -> Result<Response, Failed> {
    aside(&server, |server| Ok(server.page.answer(""))).await
}

async fn page(
    State(server): State<Arc<Server>>,
    Path(path): Path<String>,
) -> Result<Response, Failed> {
    aside(&server, move |server| Ok(server.page.answer(&path))).await
}

async fn case(State(server): State<Arc<Server>>) -> Result<Response, Failed> {
    server.watched.store(true, Ordering::Release);
    let view = aside(&server, |server| Ok(server.view()?)).await?;
    Ok(Json(view).into_response())
}

async fn why(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failed> {
    let id = source(&id)?;
    let found = aside(&server, move |server| {
        let known = server.snapshot()?;
        publish::why::why(&known.0, &known.1, id).ok_or_else(no_such_recording)
    });
    Ok(Json(json!(found.await?)))
}

#[allow(clippy::unused_async, reason = "what answers a request is asynchronous")]
async fn stop(
    State(server): State<Arc<Server>>,
    Path(id): Path<u32>,
) -> Result<StatusCode, Failed> {
    let found = server.jobs.stop(id);
    if found { Ok(StatusCode::ACCEPTED) } else { Err(Failed::missing("there is no such job")) }
}
