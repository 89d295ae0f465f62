//! Ctrl-C and SIGTERM: the verb is asked to stop, and does not get long for it.
//!
//! All writes are atomic, so that leaving at any moment is safe.

// The one place that ends the process: the verb may be inside a call that does not return.
#![allow(clippy::exit)]

use std::process;
use std::thread;
use std::time::Duration;

use super::exit_code::ExitCode;
use crate::base::Cancel;

/// How long a verb may take to stop by itself.
const GRACE: Duration = Duration::from_millis(900);
/// How long the last words may take: the terminal may be stopped, the reader of a pipe asleep.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// From now on the first signal sets `cancel`; after the grace, or at a second signal, the process ends.
///
/// `last_words` are said when the verb did not stop by itself.
pub fn watch(cancel: &Cancel, last_words: impl Fn() + Send + Sync + Clone + 'static) {
    let cancel = cancel.clone();
    let watched = ctrlc::try_set_handler(move || {
        if cancel.is_set() {
            leave();
        }
        cancel.set();
        let last_words = last_words.clone();
        thread::spawn(move || {
            thread::sleep(GRACE);
            thread::spawn(last_words);
            thread::sleep(LAST_WORDS);
            leave();
        });
    });
    // It fails where somebody had a signal ignored, as nohup does. Then that wish is obeyed, and the
    // other signals end the process as they always do.
    drop(watched);
}

fn leave() -> ! {
    process::exit(ExitCode::Interrupted as i32)
}
