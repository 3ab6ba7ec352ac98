//! The real program, run as its user runs it: in a pseudo-terminal, and in tmux where tmux is the subject.

mod board;
mod brief;
mod deliver;
mod demo;
mod drift;
mod gates;
mod hooks;
mod killed;
mod search;
mod secrets;
mod server;
mod sound;
mod stage;
mod states;
mod supervision;
mod terminal;
mod tmux;
mod transcript;

#[path = "../terminal/screen.rs"]
mod screen;
#[path = "../terminal/skip.rs"]
mod skip;
