//! Runs a program for what it says, and never waits for it for long.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Bytes of an answer that are kept.
const LONGEST: u64 = 256 * 1024;

/// What a program said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs a program with this standard input. The error says why there is no answer; a program that takes too long is ended.
pub fn said(command: &mut Command, input: &[u8], patience: Duration) -> Result<Said, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let (mut stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let input = input.to_vec();
    let writing = std::thread::spawn(move || {
        if let Some(stdin) = &mut stdin {
            // A program that does not read has said enough.
            let _ = stdin.write_all(&input);
        }
    });
    let reading = |stream: Option<Box<dyn Read + Send>>| {
        let (told, text) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(stream) = stream {
                // What was read until a fault counts.
                let _ = stream.take(LONGEST).read_to_end(&mut bytes);
            }
            let _ = told.send(String::from_utf8_lossy(&bytes).into_owned());
        });
        text
    };
    let out = reading(stdout.map(|stream| Box::new(stream) as Box<dyn Read + Send>));
    let err = reading(stderr.map(|stream| Box::new(stream) as Box<dyn Read + Send>));
    let ended = out.recv_timeout(patience);
    if ended.is_err() {
        // It is ours, and it has had its time.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    // The pipe is closed by now.
    let _ = writing.join();
    let Ok(out) = ended else { return Err(format!("no answer within {} s", patience.as_secs())) };
    let err = err.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
    Ok(Said { code: status.code(), out, err })
}
