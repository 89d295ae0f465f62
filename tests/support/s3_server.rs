//! A bucket in this process: real HTTP, signatures and checksums, objects in memory, and faults on demand.

mod faults;
mod memory;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use bytes::Bytes;
use esker::store::{AccessKeys, S3Options};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::{TcpListener, TcpStream};

pub use faults::Fault;
use faults::{Faults, Plan, Storm};
use memory::Memory;

/// The one bucket.
pub const BUCKET: &str = "bucket";
/// Whoever signs with these keys may do everything.
pub const ACCESS_KEY: &str = "AKESKERTEST";
/// The secret of [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "not-a-secret";

/// A request as the log keeps it. The method of a listing is `LIST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub method: String,
    pub key: String,
}

/// The server. It ends when it is dropped.
pub struct S3Server {
    shared: Arc<Shared>,
    port: u16,
    runtime: Option<tokio::runtime::Runtime>,
}

#[derive(Default)]
struct Shared {
    objects: Mutex<BTreeMap<String, Object>>,
    faults: Mutex<Faults>,
    log: Mutex<Vec<Logged>>,
    page_keys: Mutex<Option<usize>>,
    /// What was put after this is not listed while a listing is stale.
    fresh_from: Mutex<Option<SystemTime>>,
}

/// All objects of a bucket, as they were at some moment.
pub struct Objects(BTreeMap<String, Object>);

#[derive(Clone)]
struct Object {
    bytes: Bytes,
    modified: SystemTime,
}

impl S3Server {
    /// Starts with an empty bucket.
    pub fn start() -> S3Server {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::<Shared>::default();
        let mut builder = S3ServiceBuilder::new(Memory(shared.clone()));
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        let served = shared.clone();
        runtime.spawn(async move {
            loop {
                let Ok((socket, _)) = listener.accept().await else { continue };
                // Else each small answer waits some 40 ms for an acknowledgement.
                socket.set_nodelay(true).unwrap();
                tokio::spawn(converse(socket, service.clone(), served.clone()));
            }
        });
        S3Server { shared, port, runtime: Some(runtime) }
    }

    /// `http://127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address of a store in the bucket.
    pub fn url(&self, prefix: &str) -> String {
        format!("s3://{BUCKET}/{prefix}")
    }

    /// Options that open a store at `prefix`.
    pub fn options(&self, prefix: &str) -> S3Options {
        let mut options = S3Options::parse(&self.url(prefix)).unwrap();
        options.endpoint = Some(self.endpoint());
        options.keys = Some(AccessKeys { id: ACCESS_KEY.to_owned(), secret: SECRET_KEY.to_owned() });
        options
    }

    /// What the built program needs in its environment to get in; the endpoint comes from the remote's configuration.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    /// The next `times` requests of `method` (`GET`, `PUT`, `DELETE`, `LIST`, or `*`) meet `fault`.
    pub fn next(&self, times: usize, method: &'static str, fault: Fault) {
        locked(&self.shared.faults).plans.push(Plan { method, pass: 0, times, fault });
    }

    /// The `nth` request of `method` from now on (the next one is the first) meets `fault`.
    pub fn at(&self, nth: usize, method: &'static str, fault: Fault) {
        locked(&self.shared.faults).plans.push(Plan { method, pass: nth - 1, times: 1, fault });
    }

    /// From the `nth` request of `method` on (the next one is the first), all meet `fault`.
    pub fn from(&self, nth: usize, method: &'static str, fault: Fault) {
        locked(&self.shared.faults).plans.push(Plan { method, pass: nth - 1, times: usize::MAX, fault });
    }

    /// Out of a hundred requests `percent` meet one of `faults`.
    pub fn storm(&self, seed: u64, percent: u64, faults: &[Fault]) {
        locked(&self.shared.faults).storm = Some(Storm::new(seed, percent, faults));
    }

    /// No more faults.
    pub fn calm(&self) {
        *locked(&self.shared.faults) = Faults::default();
    }

    /// Listings come in pages of so many keys.
    pub fn page(&self, keys: usize) {
        *locked(&self.shared.page_keys) = Some(keys);
    }

    /// From now on a listing that meets [`Fault::Stale`] lacks what was put after this moment.
    pub fn remember(&self) {
        *locked(&self.shared.fresh_from) = Some(SystemTime::now());
    }

    /// How many requests of `method` there were since the start or the last [`S3Server::forget`].
    pub fn count(&self, method: &str) -> usize {
        locked(&self.shared.log).iter().filter(|logged| method == "*" || logged.method == method).count()
    }

    /// All requests since then, in order.
    pub fn log(&self) -> Vec<Logged> {
        locked(&self.shared.log).clone()
    }

    /// Empties the log.
    pub fn forget(&self) {
        locked(&self.shared.log).clear();
    }

    /// The keys of all objects.
    pub fn keys(&self) -> Vec<String> {
        locked(&self.shared.objects).keys().cloned().collect()
    }

    /// An object, as it is stored.
    pub fn object(&self, key: &str) -> Option<Bytes> {
        locked(&self.shared.objects).get(key).map(|object| object.bytes.clone())
    }

    /// Puts an object into the bucket, or other bytes into an object.
    pub fn set(&self, key: &str, bytes: impl Into<Bytes>) {
        self.set_at(key, bytes, SystemTime::now());
    }

    /// As [`S3Server::set`], at a time of its own.
    pub fn set_at(&self, key: &str, bytes: impl Into<Bytes>, modified: SystemTime) {
        locked(&self.shared.objects).insert(key.to_owned(), Object { bytes: bytes.into(), modified });
    }

    /// All objects as they are now.
    pub fn objects(&self) -> Objects {
        Objects(locked(&self.shared.objects).clone())
    }

    /// Makes the bucket hold what it held then, and nothing else.
    pub fn put_back(&self, objects: &Objects) {
        locked(&self.shared.objects).clone_from(&objects.0);
    }

    /// Takes an object out of the bucket.
    pub fn remove(&self, key: &str) -> bool {
        locked(&self.shared.objects).remove(key).is_some()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl Shared {
    /// Writes a request down and says what happens to it.
    fn meet(&self, request: &Request<Incoming>) -> Option<Fault> {
        let listing = request.uri().query().is_some_and(|query| query.contains("list-type=2"));
        let method = if listing { "LIST" } else { request.method().as_str() };
        let path = request.uri().path().trim_start_matches('/');
        let key = path.split_once('/').map_or("", |(_, key)| key).to_owned();
        locked(&self.log).push(Logged { method: method.to_owned(), key });
        locked(&self.faults).strike(method)
    }
}

async fn converse(socket: TcpStream, service: S3Service, shared: Arc<Shared>) {
    let answered = service_fn(move |request| answer(request, service.clone(), shared.clone()));
    // It ends with an error whenever a fault cuts the connection.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), answered).await;
}

async fn answer(
    request: Request<Incoming>,
    service: S3Service,
    shared: Arc<Shared>,
) -> Result<Response<Body>, s3s::HttpError> {
    let Some(fault) = shared.meet(&request) else { return service.call(request.map(Body::from)).await };
    match fault.before().await {
        Some(answer) => answer,
        None if fault == Fault::Stale => Ok(service.call(memory::stale(request.map(Body::from))).await?),
        None => fault.after(service.call(request.map(Body::from)).await?).await,
    }
}
