//! The socket: who may connect, how many at a time, and how long they may take.
//!
//! HTTP/1.1, on loopback or, with a password, over TLS. A client that does not say what it wants within `HEAD_PATIENCE` is left;
//! so many are served at once that a browser with many windows is not kept waiting and a flood
//! does not use up descriptors.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::network::{Network, Wanted};
use super::{Plan, Server, routes};
use crate::error::Error;

/// Port that is tried first: with the same one, a page that is open outlives a restart and links
/// go on leading there.
const PORT: u16 = 7462;

/// Connections at a time; a browser opens six for each of its profiles.
const CONNECTIONS_MAX: usize = 256;

/// For how long a connection may be silent before the head of a request is there.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);

/// The head of a request: a cookie of ours has a hundred bytes, all else is the browser's.
const HEAD_BYTES_MAX: usize = 32 << 10;

/// Between two questions whether to stop.
const STOP_EVERY: Duration = Duration::from_millis(200);

/// How long open connections may take to end.
const END_PATIENCE: Duration = Duration::from_secs(1);

/// Threads that wait for disks and decoders.
const BLOCKING_THREADS_MAX: usize = 32;

/// A server that is bound and not yet serving.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    server: Arc<Server>,
    network: Option<Network>,
}

/// Binds to the address asked for, or loopback; to the port asked for, else our own, else any that
/// is free.
///
/// # Errors
/// If the address or port cannot be had, or would let others in who should not be.
pub fn bind(plan: Plan, wanted: &Wanted) -> Result<Bound, Error> {
    let network = wanted.network()?;
    let port = wanted.port;
    let taken = |port: u16| {
        move |source: io::Error| Error::Asked {
            what: format!("port {port} cannot be had ({source})"),
            hint: "choose another with --port or --listen, or leave them out",
        }
    };
    let at = |port: u16| TcpListener::bind(SocketAddr::from((wanted.ip(), port)));
    let listener = match port {
        Some(port) => at(port).map_err(taken(port))?,
        None => at(PORT).or_else(|_| at(0)).map_err(taken(0))?,
    };
    let bound = listener.local_addr().map_err(taken(0))?.port();
    listener.set_nonblocking(true).map_err(taken(bound))?;
    let password = network.as_ref().map(|network| network.password.as_str());
    let server = Server::new(plan, bound, password)?;
    Ok(Bound { listener, server, network })
}

impl Bound {
    /// The address that lets a browser in, or asks it for the password.
    pub fn address(&self) -> String {
        let scheme = if self.network.is_some() { "https" } else { "http" };
        let Ok(at) = self.listener.local_addr() else { return String::new() };
        // What stands for all addresses of this machine is none that a browser could open.
        let host = match at.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V6(ip) => format!("[{ip}]"),
            IpAddr::V4(ip) => ip.to_string(),
        };
        format!("{scheme}://{host}:{}/{}", at.port(), self.server.guard.key())
    }

    /// Whether machines elsewhere are answered, if they bring the password.
    pub fn is_on_a_network(&self) -> bool {
        self.network.is_some()
    }

    /// Serves until somebody asks to stop.
    ///
    /// # Errors
    /// If no threads can be had.
    pub fn serve(self) -> Result<(), Error> {
        let Self { listener, server, network } = self;
        let tls = network.map(|network| TlsAcceptor::from(network.tls));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_name("page")
            .enable_all()
            .build()
            .map_err(Error::Output)?;
        std::thread::scope(|scope| {
            scope.spawn(|| server.watch());
            scope.spawn(|| server.make_pictures());
            scope.spawn(|| server.make_proxies());
            scope.spawn(|| server.fulfil());
            let served = runtime.block_on(accept(listener, &server, tls));
            server.jobs.close();
            server.stop.ask();
            runtime.shutdown_timeout(END_PATIENCE);
            served.map_err(Error::Output)
        })
    }
}

async fn accept(
    listener: TcpListener,
    server: &Arc<Server>,
    tls: Option<TlsAcceptor>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let app = routes::app(server);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while !server.stop.asked() {
        let Ok(Ok(place)) =
            tokio::time::timeout(STOP_EVERY, Arc::clone(&places).acquire_owned()).await
        else {
            continue;
        };
        match tokio::time::timeout(STOP_EVERY, listener.accept()).await {
            Ok(Ok((stream, _))) => {
                let _ = stream.set_nodelay(true);
                let (app, tls) = (app.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve_one(stream, app).await,
                        // Who does not speak TLS, or does not finish greeting, is left.
                        Some(tls) => {
                            let greeted = tokio::time::timeout(HEAD_PATIENCE, tls.accept(stream));
                            if let Ok(Ok(stream)) = greeted.await {
                                serve_one(stream, app).await;
                            }
                        }
                    }
                    drop(place);
                });
            }
            // Out of descriptors: others have to end first.
            Ok(Err(_)) => tokio::time::sleep(STOP_EVERY).await,
            Err(_) => {}
        }
    }
    Ok(())
}

async fn serve_one(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, app: Router) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).max_buf_size(HEAD_BYTES_MAX);
    let service = TowerToHyperService::new(app);
    // A client that goes away or talks nonsense is its own affair.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}
