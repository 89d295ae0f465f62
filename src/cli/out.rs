//! Standard output: lines and tables for people, bytes and JSON for programs.
//!
//! Writers need not look at each line: the first failure is kept and told by `finish`. A reader that
//! goes away (`esker ls | head`) is no failure: the rest is dropped in silence.

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};

use serde::Serialize;

use super::failure::Failure;
use super::ink::{Ink, Inks};
use super::table::Table;

/// Where a verb writes its answer.
pub struct Out {
    to: BufWriter<Box<dyn Write>>,
    inks: Inks,
    problem: Option<io::Error>,
}

impl Out {
    /// Standard output, which is locked until this is dropped.
    pub fn stdout(inks: Inks) -> Out {
        Out::new(Box::new(io::stdout().lock()), inks)
    }

    fn new(to: Box<dyn Write>, inks: Inks) -> Out {
        Out { to: BufWriter::with_capacity(64 * 1024, to), inks, problem: None }
    }

    /// Writes a line.
    pub fn line(&mut self, line: impl Display) {
        let written = writeln!(self.to, "{line}");
        self.keep(written);
    }

    /// Writes a line above a list.
    pub fn heading(&mut self, line: &str) {
        self.line(self.paint(Ink::Heading, line));
    }

    /// Writes a table, each line behind `indent`.
    pub fn table<const N: usize>(&mut self, indent: &str, table: &Table<N>) {
        for line in table.lines(self.inks) {
            self.line(format_args!("{indent}{line}"));
        }
    }

    /// Writes one JSON document and a line end.
    pub fn json(&mut self, document: &impl Serialize) {
        let written = serde_json::to_writer(&mut self.to, document).map_err(io::Error::from);
        self.keep(written);
        self.line("");
    }

    /// `text` in this ink, if standard output is coloured.
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        self.inks.paint(ink, text)
    }

    /// Whether inks show.
    pub fn is_coloured(&self) -> bool {
        self.inks != Inks::new(false)
    }

    /// Whether anybody reads on: a long list may stop when nobody does.
    pub fn is_read(&self) -> bool {
        self.problem.is_none()
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The first failure of all writes, unless it was that the reader went away.
    pub fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.to.flush();
        self.keep(flushed);
        // A second attempt to write the same bytes when this is dropped would fail again.
        let (to, problem) = (self.to, self.problem);
        let _ = to.into_parts();
        match problem {
            Some(problem) if problem.kind() != ErrorKind::BrokenPipe => Err(Failure::output(&problem)),
            _ => Ok(()),
        }
    }

    fn keep(&mut self, written: io::Result<()>) {
        if let Err(problem) = written {
            self.problem.get_or_insert(problem);
        }
    }
}

/// Bytes as they are, for `esker cat`. Here each failure is told at once, so that a copy stops.
impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    fn finished(kind: ErrorKind) -> Result<(), Failure> {
        let mut out = Out::new(Box::new(Failing(kind)), Inks::none());
        for _ in 0..10_000 {
            out.line("twenty bytes of text");
        }
        assert!(!out.is_read());
        out.finish()
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure_and_a_full_disk_is() {
        assert!(finished(ErrorKind::BrokenPipe).is_ok());
        assert!(finished(ErrorKind::StorageFull).unwrap_err().message.starts_with("cannot write to standard output"));
    }
}
