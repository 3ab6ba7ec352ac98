//! The log: a file in the state folder, never the terminal. `HNPWB_LOG` sets what goes in (`hnpwb=debug`; default `warn`).

use std::io::{self, Write};
use std::path::Path;

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::domain::fault::Fault;
use crate::domain::redact::Redactor;

/// Lines that wait to be written; what comes on top of them is lost.
const LINES: usize = 1_024;

/// Starts logging into `folder`, without secrets; the guard writes what is left when it is dropped.
pub fn start(folder: &Path, redactor: &Redactor) -> Result<WorkerGuard, Fault> {
    let fault = |why: String| Fault::new("writing the log in", folder.display(), why, "");
    std::fs::create_dir_all(folder).map_err(|error| fault(error.to_string()))?;
    let appender = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("log")
        .max_log_files(5)
        .build(folder)
        .map_err(|error| fault(error.to_string()))?;
    // The room for lines is taken at once: for the 128,000 that it would be otherwise, 5 MB before the first of them.
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(LINES).finish(appender);
    let writer = Redacting { writer, redactor: redactor.clone() };
    let filter = EnvFilter::try_from_env("HNPWB_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).finish();
    tracing::subscriber::set_global_default(subscriber).map_err(|error| fault(error.to_string()))?;
    Ok(guard)
}

/// Hides the secrets in each line; the formatter writes a line at once.
struct Redacting<W> {
    writer: W,
    redactor: Redactor,
}

impl<'a> MakeWriter<'a> for Redacting<NonBlocking> {
    type Writer = Redacting<NonBlocking>;

    fn make_writer(&'a self) -> Self::Writer {
        Redacting { writer: self.writer.clone(), redactor: self.redactor.clone() }
    }
}

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.writer.write_all(self.redactor.redact(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::Redacting;
    use crate::domain::redact::Redactor;

    #[test]
    fn a_line_of_the_log_holds_no_secret() {
        let secret = ["gh", "p_", &"a1B2".repeat(9)].concat();
        let mut log = Redacting { writer: Vec::new(), redactor: Redactor::default() };
        log.write_all(format!("WARN hnpwb: push with {secret} was refused\n").as_bytes()).unwrap();
        let text = String::from_utf8(log.writer).unwrap();
        assert!(text.contains("refused") && !text.contains(&secret[8..]), "{text}");
    }
}
