//! The socket: who may connect, how many at a time, and how long they may take.
//!
//! HTTP/1.1 on loopback. A client that does not say what it wants within `HEAD_PATIENCE` is left;
//! so many are served at once that a browser with many windows is not kept waiting and a flood
//! does not use up descriptors.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;

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
}

/// Binds to loopback: the port asked for, else our own, else any that is free.
///
/// # Errors
/// If the port asked for is taken, or no port can be had.
pub fn bind(plan: Plan, port: Option<u16>) -> Result<Bound, Error> {
    let taken = |port: u16| {
        move |source: io::Error| Error::Asked {
            what: format!("port {port} cannot be had ({source})"),
            hint: "choose another with --port, or leave it out",
        }
    };
    let at = |port: u16| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let listener = match port {
        Some(port) => at(port).map_err(taken(port))?,
        None => at(PORT).or_else(|_| at(0)).map_err(taken(0))?,
    };
    let bound = listener.local_addr().map_err(taken(0))?.port();
    listener.set_nonblocking(true).map_err(taken(bound))?;
    Ok(Bound { listener, server: Server::new(plan, bound)? })
}

impl Bound {
    /// The address that lets a browser in.
    pub fn address(&self) -> String {
        self.server.address()
    }

    /// Serves until somebody asks to stop.
    ///
    /// # Errors
    /// If no threads can be had.
    pub fn serve(self) -> Result<(), Error> {
        let Self { listener, server } = self;
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
            let served = runtime.block_on(accept(listener, &server));
            server.jobs.close();
            server.stop.ask();
            runtime.shutdown_timeout(END_PATIENCE);
            served.map_err(Error::Output)
        })
    }
}

async fn accept(listener: TcpListener, server: &Arc<Server>) -> io::Result<()> {
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
                let app = app.clone();
                tokio::spawn(async move {
                    serve_one(stream, app).await;
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

async fn serve_one(stream: tokio::net::TcpStream, app: Router) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).max_buf_size(HEAD_BYTES_MAX);
    let service = TowerToHyperService::new(app);
    // A client that goes away or talks nonsense is its own affair.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}
