//! Sending to the disk what a large file has so far, while the rest is still being written.
//!
//! Else all of it waits in memory until the whole file must be durable, and the disk idles until then.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::staging::StagedFile;
use crate::base::PathResult;

/// So much is sent at once, in bytes: each time the disk must also write down where it lies.
pub const STRIDE: u64 = 64 << 20;

/// Counts what was written, and has it sent.
#[derive(Debug)]
pub struct WriteBack {
    waiting_bytes: u64,
    tell: Sender<()>,
}

impl WriteBack {
    /// Runs `fill`, which writes into `file` and counts what it wrote, and sends to the disk beside it.
    ///
    /// When it returns, the last bytes may still be in memory. An error of the disk wins over what `fill` gives.
    pub fn beside<T, E: From<crate::base::PathError>>(
        file: &StagedFile,
        fill: impl FnOnce(&mut WriteBack) -> Result<T, E>,
    ) -> Result<T, E> {
        std::thread::scope(|scope| {
            let (tell, told) = channel();
            let sending = scope.spawn(move || send(file, &told));
            let filled = fill(&mut WriteBack { waiting_bytes: 0, tell });
            sending.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            filled
        })
    }

    /// Counts bytes that were written.
    pub fn wrote(&mut self, bytes: u64) {
        self.waiting_bytes += bytes;
        if self.waiting_bytes >= STRIDE {
            self.waiting_bytes = 0;
            // The other end goes only with an error, which is told in the end.
            let _ = self.tell.send(());
        }
    }
}

/// Syncs whenever it is told to; what was told meanwhile counts once.
fn send(file: &StagedFile, told: &Receiver<()>) -> PathResult<()> {
    while told.recv().is_ok() {
        while told.try_recv().is_ok() {}
        file.sync()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worktree::{Staging, WorktreeError};

    #[test]
    fn what_was_written_is_there_and_what_filling_gives_is_passed_on() {
        let root = tempfile::tempdir().unwrap();
        let staging = Staging::begin(root.path()).unwrap();
        let file = staging.file(false).unwrap();
        let filled = WriteBack::beside(&file, |write_back| {
            for at in 0..3 {
                file.write_at(b"some", at * 4)?;
                write_back.wrote(STRIDE);
            }
            Ok::<_, WorktreeError>(7)
        });
        assert_eq!(filled.unwrap(), 7);
        let mut room = [0; 12];
        assert_eq!(file.read_at(&mut room, 0).unwrap(), 12);
        assert_eq!(&room, b"somesomesome");
        let path = crate::base::RepoPath::new(b"a").unwrap();
        let failed: Result<(), _> = WriteBack::beside(&file, |_| Err(WorktreeError::Changed { path }));
        assert!(matches!(failed, Err(WorktreeError::Changed { .. })));
    }
}
