//! Why some bytes could not be decoded.

/// What is wrong with some stored bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The bytes break a rule of docs/format.md.
    #[error("damaged {what}: {reason}")]
    Damaged {
        /// The kind of object: "pointer", "tree page", "pack".
        what: &'static str,
        /// Which rule, as half a sentence.
        reason: String,
    },
    /// The version is higher than this program knows.
    #[error("{what} version {version} was written by a newer esker")]
    Newer {
        /// The kind of object.
        what: &'static str,
        /// Its version.
        version: u64,
    },
    /// A store needs a feature that this program does not know.
    #[error("the store needs `{feature}` for {access} access, which only a newer esker knows")]
    Feature {
        /// What was asked of it: "read", "write", "gc".
        access: &'static str,
        /// The feature.
        feature: String,
    },
    /// Git left its conflict markers in a text file.
    #[error("line {line} has a conflict marker of Git: the merge is not settled")]
    Conflict {
        /// The first such line, from 1.
        line: usize,
    },
    /// A line of a text file (a pointer, a configuration) is refused.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl FormatError {
    /// A broken rule.
    pub fn damaged(what: &'static str, reason: impl Into<String>) -> FormatError {
        FormatError::Damaged { what, reason: reason.into() }
    }
}
