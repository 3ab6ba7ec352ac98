//! A full-screen terminal workbench for the person who supervises a group of coding agents.
//!
//! `sources → Event → update(&mut State, Event) → Effects → exec → Event::Done`, and `view(&State)` after it.
//! `docs/architecture.md` is the map; `tests/tidy.rs` keeps the walls between these modules.

pub mod action;
pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod effect;
pub mod event;
pub mod exec;
pub mod log;
pub mod memory;
pub mod source;
pub mod state;
pub mod term;
pub mod ui;
pub mod update;
