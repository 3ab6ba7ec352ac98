//! The workbench in a terminal of its own: what it shows, and keys for it.

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take to appear.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a condition outside the screen is looked at.
const STEP: Duration = Duration::from_millis(50);

pub struct Screen {
    shown: Arc<(Mutex<vt100::Parser>, Condvar)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// Closing it would hang the terminal up.
    _master: Box<dyn MasterPty + Send>,
}

impl Screen {
    /// Opens the workbench in a project, with a home of its own and no other variables than a terminal needs.
    pub fn open(project: &Path, home: &Path) -> Self {
        let size = PtySize { rows: 50, cols: 160, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_hnpwb"));
        command.cwd(project);
        command.env_clear();
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let child = pty.slave.spawn_command(command).expect("the workbench");
        drop(pty.slave);
        let mut output = pty.master.try_clone_reader().expect("the terminal's output");
        let keys = pty.master.take_writer().expect("the terminal's input");
        let sides = [size.rows, size.cols].map(|side| NonZero::new(side).expect("a side of the screen"));
        let shown = Arc::new((Mutex::new(vt100::Parser::new(sides[0], sides[1], 0)), Condvar::new()));
        let drawn = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(read) = output.read(&mut bytes)
                && read > 0
            {
                drawn.0.lock().expect("the screen").process(&bytes[..read]);
                drawn.1.notify_all();
            }
        });
        Self { shown, keys, child, _master: pty.master }
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.shown.0.lock().expect("the screen").screen().contents()
    }

    /// Waits until a condition on the text holds.
    pub fn wait(&mut self, what: &str, condition: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut parser = self.shown.0.lock().expect("the screen");
        while !condition(&parser.screen().contents()) {
            let ended = self.child.try_wait().ok().flatten();
            let late = Instant::now() >= until;
            assert!(ended.is_none() && !late, "no sign of {what} ({ended:?}):\n{}", parser.screen().contents());
            parser = self.shown.1.wait_timeout(parser, STEP).expect("the screen").0;
        }
    }

    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("the terminal's input");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }
}
