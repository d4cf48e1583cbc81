//! The runtime on which calls run: one per process, shared by all threads of Node.

use napi::bindgen_prelude::create_custom_tokio_runtime;
use tokio::runtime::Builder;

/// Waiting for the network and for the journal needs no more. Two would wake each other, with five
/// times the switches of threads for a stream, and make no more calls a second.
const THREADS: usize = 1;

/// Before anything else runs. Where no thread can be made, napi-rs tries again and says so.
#[napi_derive::module_init]
fn make() {
    let made = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("blockrun")
        .enable_all()
        .build();
    if let Ok(runtime) = made {
        create_custom_tokio_runtime(runtime);
    }
}
