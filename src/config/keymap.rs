//! (under construction: keymap)
