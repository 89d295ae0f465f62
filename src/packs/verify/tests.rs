//! Damage of every kind, noticed and mended.
