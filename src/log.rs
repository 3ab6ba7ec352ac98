//! The log: a file in the state folder, never the terminal. `HNPWB_LOG` sets what goes in (`hnpwb=debug`; default `warn`).

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

use crate::domain::fault::Fault;

/// Starts logging into `folder`; the guard writes what is left when it is dropped.
pub fn start(folder: &Path) -> Result<WorkerGuard, Fault> {
    let fault = |why: String| Fault::new("writing the log in", folder.display(), why, "");
    std::fs::create_dir_all(folder).map_err(|error| fault(error.to_string()))?;
    let appender = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("log")
        .max_log_files(5)
        .build(folder)
        .map_err(|error| fault(error.to_string()))?;
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let filter = EnvFilter::try_from_env("HNPWB_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).finish();
    tracing::subscriber::set_global_default(subscriber).map_err(|error| fault(error.to_string()))?;
    Ok(guard)
}
