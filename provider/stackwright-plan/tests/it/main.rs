//! What holds for all kinds of AWS objects.

mod replacements;
