//! The real program, run as its user runs it: in a pseudo-terminal, and in tmux where tmux is the subject.

mod demo;
mod gates;
mod sound;
mod stage;
mod terminal;
mod tmux;

#[path = "../terminal/screen.rs"]
mod screen;
#[path = "../terminal/skip.rs"]
mod skip;
