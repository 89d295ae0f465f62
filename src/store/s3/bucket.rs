//! `S3Store`: the trait's blocking calls over a runtime of its own, which starts with the first call.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};

use super::S3Options;
use super::calls::Calls;
use crate::store::{Key, Listed, Store, StoreError};

/// Objects in a bucket. Calls come from many threads; two more carry the bytes.
pub struct S3Store {
    options: S3Options,
    name: String,
    /// Made by the first call that gets so far.
    connection: Mutex<Option<Arc<Connection>>>,
}

struct Connection {
    /// Always there, except while it is dropped.
    runtime: Option<Runtime>,
    calls: Calls,
}

impl S3Store {
    /// Takes the options; no request is made and no file read before the first call.
    ///
    /// # Errors
    /// `Address` if the endpoint makes no sense.
    pub fn open(options: &S3Options) -> Result<S3Store, StoreError> {
        options.check_endpoint()?;
        Ok(S3Store { options: options.clone(), name: options.name(), connection: Mutex::default() })
    }

    fn connection(&self) -> Result<Arc<Connection>, StoreError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("esker-s3").enable_all().build();
        let runtime = runtime.map_err(|error| StoreError::Unreachable {
            store: self.name.clone(),
            doing: "start".to_owned(),
            reason: error.to_string(),
        })?;
        let calls = runtime.block_on(Calls::connect(&self.options))?;
        let made = Arc::new(Connection { runtime: Some(runtime), calls });
        Ok(connection.insert(made).clone())
    }
}

impl Connection {
    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.as_ref().expect("only drop takes the runtime").block_on(call)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Nobody waits for an idle connection or a name lookup any more.
            runtime.shutdown_background();
        }
    }
}

impl Store for S3Store {
    fn name(&self) -> &str {
        &self.name
    }

    fn get(&self, key: &Key, limit: u64) -> Result<Vec<u8>, StoreError> {
        let connection = self.connection()?;
        connection.wait(connection.calls.get(key, limit))
    }

    fn read(&self, key: &Key, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let connection = self.connection()?;
        connection.wait(connection.calls.read(key, range))
    }

    fn put(&self, key: &Key, body: &[u8]) -> Result<(), StoreError> {
        let connection = self.connection()?;
        connection.wait(connection.calls.put(key, body))
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(Listed)) -> Result<(), StoreError> {
        let connection = self.connection()?;
        connection.wait(connection.calls.list(prefix, each))
    }

    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let connection = self.connection()?;
        connection.wait(connection.calls.delete(key))
    }
}
