//! All that esker asks of Git: where the repository is, what a revision holds, what is staged.
