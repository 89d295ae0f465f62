//! Where a file is cut: content-defined chunks, so that an insertion moves few cuts.
