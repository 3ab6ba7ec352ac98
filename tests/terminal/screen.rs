//! The real program in a terminal of its own: what it shows, and keys for it.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take to appear. Generous: it is only waited for when something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a condition outside the screen is looked at.
const STEP: Duration = Duration::from_millis(50);

/// A running program and its terminal.
pub struct Screen {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

struct Shown {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// Nothing more will come: the program's side of the terminal is closed.
    closed: bool,
}

/// What to run, and where. Nothing of the environment is passed on but `PATH`.
pub struct Launch {
    command: CommandBuilder,
    size: PtySize,
}

impl Launch {
    /// The program in a folder, with a home of its own.
    pub fn new(dir: &Path, home: &Path) -> Self {
        Self::of(OsStr::new(env!("CARGO_BIN_EXE_hnpwb")), dir, home)
    }

    /// Another program.
    pub fn of(program: &OsStr, dir: &Path, home: &Path) -> Self {
        let mut command = CommandBuilder::new(program);
        command.cwd(dir);
        command.env_clear();
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        Self { command, size: PtySize { rows: 50, cols: 160, pixel_width: 0, pixel_height: 0 } }
    }

    /// Adds arguments.
    #[allow(dead_code, reason = "not every test binary passes arguments")]
    pub fn args<S: Into<OsString>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[allow(dead_code, reason = "not every test binary sets variables")]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the terminal's size.
    #[allow(dead_code, reason = "not every test binary needs another size")]
    pub fn size(mut self, cols: u16, rows: u16) -> Self {
        self.size = PtySize { rows, cols, ..self.size };
        self
    }

    /// Runs it.
    pub fn open(self) -> Screen {
        let pty = native_pty_system().openpty(self.size).expect("a pseudo-terminal");
        let child = pty.slave.spawn_command(self.command).expect("the program");
        drop(pty.slave);
        let mut output = pty.master.try_clone_reader().expect("the terminal's output");
        let keys = pty.master.take_writer().expect("the terminal's input");
        let [rows, cols] = [self.size.rows, self.size.cols].map(|side| NonZero::new(side).expect("a side"));
        let shown = Shown { parser: vt100::Parser::new(rows, cols, 0), raw: Vec::new(), closed: false };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let drawn = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(read) = output.read(&mut bytes)
                && read > 0
            {
                // A test that has failed poisons it, and reads nothing more.
                let Ok(mut shown) = drawn.0.lock() else { return };
                shown.parser.process(&bytes[..read]);
                shown.raw.extend_from_slice(&bytes[..read]);
                drawn.1.notify_all();
            }
            if let Ok(mut shown) = drawn.0.lock() {
                shown.closed = true;
            }
            drawn.1.notify_all();
        });
        Screen { shown, keys, child, master: pty.master }
    }
}

#[allow(dead_code, reason = "each test binary uses its own part of this")]
impl Screen {
    /// What is on the screen.
    pub fn text(&self) -> String {
        self.shown.0.lock().expect("the screen").parser.screen().contents()
    }

    /// Everything that was ever written to the terminal.
    pub fn raw(&self) -> Vec<u8> {
        self.shown.0.lock().expect("the screen").raw.clone()
    }

    /// True while the alternate screen is shown.
    pub fn is_full(&self) -> bool {
        self.shown.0.lock().expect("the screen").parser.screen().alternate_screen()
    }

    /// Waits until a condition on the text holds.
    pub fn wait(&mut self, what: &str, condition: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().expect("the screen");
        while !condition(&shown.parser.screen().contents()) {
            let ended = self.child.try_wait().ok().flatten();
            let late = Instant::now() >= until;
            assert!(ended.is_none() && !late, "no sign of {what} ({ended:?}):\n{}", shown.parser.screen().contents());
            shown = self.shown.1.wait_timeout(shown, STEP).expect("the screen").0;
        }
    }

    /// Waits until a text is on the screen.
    pub fn see(&mut self, text: &str) {
        self.wait(&format!("{text:?}"), |shown| shown.contains(text));
    }

    /// Waits until the program has ended, and all that it wrote is here.
    pub fn end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            let ended = self.child.try_wait().expect("a child");
            let shown = self.shown.0.lock().expect("the screen");
            if let (Some(status), true) = (&ended, shown.closed) {
                return status.clone();
            }
            assert!(Instant::now() < until, "it did not end:\n{}", shown.parser.screen().contents());
            drop(self.shown.1.wait_timeout(shown, STEP).expect("the screen"));
        }
    }

    /// Types.
    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("the terminal's input");
    }

    /// Changes the terminal's size.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("a new size");
        let mut shown = self.shown.0.lock().expect("the screen");
        let [rows, cols] = [rows, cols].map(|side| NonZero::new(side).expect("a side"));
        shown.parser.screen_mut().set_size(rows, cols);
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process id")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }
}
