//! `hnpwb statusline`: registered as Claude Code's status line, notes what it is told and passes it on to another one.
//!
//! The agent's own status line never breaks because of us: whatever is wrong with the input, the note or the command, there
//! is a line, and the process ends as the command ends. That is why COMMAND takes the place of this process: its signals,
//! its output and its end are its own.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use jiff::Timestamp;

use crate::config::paths::Paths;
use crate::domain::agent::status_line::StatusLine;
use crate::source::statusline::note;

use super::output::say;

/// Bytes of the input that are looked at; Claude Code writes about three thousand.
const LOOKED_AT: u64 = 1024 * 1024;
/// Bytes that are passed on.
const PASSED_ON: u64 = 64 * 1024 * 1024;
/// Bytes that any pipe holds without a reader (pipe(7): 64 KiB on Linux, 16 KiB elsewhere).
const PIPED: usize = 16 * 1024;

/// What comes after the input was noted.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Command whose output is the status line; it gets the same input
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// The arguments, when they are so plain that no parser is needed: `statusline`, `statusline -- COMMAND…`.
pub fn plain(mut arguments: impl Iterator<Item = OsString>) -> Option<Args> {
    match arguments.next() {
        None => Some(Args { command: Vec::new() }),
        Some(dashes) if dashes == "--" => Some(Args { command: arguments.collect() }),
        Some(_) => None,
    }
}

/// The whole subcommand; returns only when no command has taken its place.
pub fn run(args: &Args, paths: &Paths) -> ExitCode {
    let mut input = Vec::new();
    let mut stdin = io::stdin().lock();
    // What could be read is passed on all the same.
    let _ = (&mut stdin).take(LOOKED_AT).read_to_end(&mut input);
    let looked = std::panic::catch_unwind(AssertUnwindSafe(|| take_note(&input, paths)));
    let told = looked.unwrap_or_default();
    if let Some((program, arguments)) = args.command.split_first() {
        match give(&input, &mut stdin) {
            Ok(given) => {
                let error = Command::new(program).args(arguments).stdin(given).exec();
                say(&format!("running {}: {error}", Path::new(program).display()));
            }
            Err(error) => say(&format!("passing the status line's input on: {error}")),
        }
    }
    let line = told.map(|told| told.line()).unwrap_or_default();
    // A line of our own is better than none; where it cannot be written, nobody looks.
    let _ = writeln!(io::stdout(), "{line}");
    ExitCode::SUCCESS
}

/// Notes what the input says. A note that cannot be written costs the workbench a figure, and the agent nothing.
fn take_note(input: &[u8], paths: &Paths) -> Option<StatusLine> {
    let told = StatusLine::read(input, Timestamp::now())?;
    if let Err(error) = note(&paths.status_lines(), &told) {
        say(&format!("noting the status line in {}: {error}", paths.status_lines().display()));
    }
    Some(told)
}

/// The input as another process's standard input: in a pipe, as it came, when it fits into one; else in a file without a
/// name.
fn give(input: &[u8], rest: &mut impl Read) -> io::Result<Stdio> {
    if input.len() <= PIPED {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(input)?;
        return Ok(Stdio::from(reader));
    }
    let mut file: File = tempfile::tempfile()?;
    file.write_all(input)?;
    io::copy(&mut rest.take(PASSED_ON - LOOKED_AT), &mut file)?;
    file.rewind()?;
    Ok(Stdio::from(file))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::plain;

    fn read(arguments: &[&str]) -> Option<Vec<OsString>> {
        plain(arguments.iter().map(OsString::from)).map(|args| args.command)
    }

    #[test]
    fn plain_arguments_need_no_parser_and_others_get_one() {
        assert_eq!(read(&[]), Some(Vec::new()));
        assert_eq!(read(&["--", "a", "--", "-x"]), Some(vec!["a".into(), "--".into(), "-x".into()]));
        assert_eq!(read(&["--help"]), None);
        assert_eq!(read(&["a"]), None);
    }
}
