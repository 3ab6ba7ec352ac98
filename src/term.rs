//! The terminal's modes: the only file that changes them, and that puts them back whatever happens.

use std::io::{self, BufWriter, Stdout, Write, stdout};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, getpid, kill_process};

/// Bytes of a frame that leave in one write: standard output's own buffer would cut it into dozens.
const FRAME_BYTES: usize = 64 * 1024;

/// The modes are set, so whoever ends the program must put them back. A panic hook has no other way to know.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The terminal in the program's modes; dropping it restores the shell's.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal over.
    pub fn enter() -> io::Result<Self> {
        enter_modes()?;
        let terminal = blank().inspect_err(|_| leave_modes())?;
        Ok(Self { terminal })
    }

    /// Draws one frame inside one synchronized update, so that no half of it is ever seen.
    pub fn draw<T>(&mut self, view: impl FnOnce(&mut Frame<'_>) -> T) -> io::Result<Option<T>> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let mut out = None;
        let drawn = self.terminal.draw(|frame| out = Some(view(frame))).map(|_| ());
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drawn.map(|()| out)
    }

    /// Writes bytes that move nothing on the screen: a bell, a sequence for the clipboard.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        out.write_all(bytes)?;
        Write::flush(out)
    }

    /// Gives the terminal to another program while `work` runs it, and takes it over again.
    pub fn lend<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        leave_modes();
        let done = work();
        enter_modes()?;
        self.terminal = blank()?;
        Ok(done)
    }

    /// Gives the terminal back, stops the process until the shell continues it, and takes the terminal over again.
    pub fn suspend(&mut self) -> io::Result<()> {
        leave_modes();
        kill_process(getpid(), Signal::STOP)?;
        enter_modes()?;
        // Not `Terminal::clear`: it asks the terminal where its cursor is, and whoever reads the keys takes the answer.
        self.terminal = blank()?;
        Ok(())
    }
}

/// A terminal of which nothing is known to be drawn: the next frame is drawn whole.
fn blank() -> io::Result<Terminal<CrosstermBackend<BufWriter<Stdout>>>> {
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, stdout())))
}

impl Drop for Screen {
    fn drop(&mut self) {
        // After a panic in the middle of a frame the buffer holds the beginning of an update that nobody ends.
        let _ = execute!(self.terminal.backend_mut(), EndSynchronizedUpdate);
        leave_modes();
    }
}

/// Makes a panic of the main thread leave a clean terminal before it is reported there. Other threads' panics are only
/// logged: the loop goes on without them.
pub fn install_panic_hook() {
    let main = thread::current().id();
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        tracing::error!("panic: {info}");
        if thread::current().id() == main || !ENTERED.load(Ordering::SeqCst) {
            leave_modes();
            report(info);
        }
    }));
}

fn enter_modes() -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste, EnableFocusChange, cursor::Hide)
        .inspect_err(|_| leave_modes())
}

/// Every step is tried, whatever became of the one before: there is nobody left to tell.
fn leave_modes() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    let _ = execute!(out, EndSynchronizedUpdate);
    let _ = execute!(out, DisableFocusChange, DisableBracketedPaste, DisableMouseCapture);
    let _ = execute!(out, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}
