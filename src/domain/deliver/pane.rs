//! A tmux pane as `list-panes` tells of it.

/// What `list-panes -F` is asked for, in this order, with tabs between. What a version does not know is empty.
pub const FORMAT: &str = "#{pane_id}\t#{pane_pid}\t#{pane_tty}\t#{pane_dead}\t#{pane_in_mode}\t#{pane_input_off}\t\
    #{pane_synchronized}\t#{bracket_paste_flag}\t#{window_panes}\t#{session_name}:#{window_index}.#{pane_index}\t\
    #{pane_current_command}";

/// One pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pane {
    /// Its id: `%3`.
    pub id: String,
    /// The process that it was started with.
    pub pid: u32,
    /// Its terminal: `/dev/pts/4`.
    pub tty: String,
    /// Its program has ended.
    pub dead: bool,
    /// It is in copy-mode or another one, which takes the keys.
    pub in_mode: bool,
    /// It takes no input.
    pub input_off: bool,
    /// What is typed into it goes into the other panes of its window, too.
    pub synchronized: bool,
    /// Its program has asked for bracketed pastes, where this version of tmux tells.
    pub bracketed: Option<bool>,
    /// Where it is: `main:1.0`.
    pub location: String,
    /// The program that it shows.
    pub command: String,
}

impl Pane {
    /// Reads one line of `list-panes -F` with [`FORMAT`].
    pub fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut next = || fields.next();
        let (id, pid, tty) = (next()?, next()?.parse().ok()?, next()?);
        let flag = |field: &str| field != "0" && !field.is_empty();
        let (dead, in_mode, input_off, synchronized) = (flag(next()?), flag(next()?), flag(next()?), flag(next()?));
        let bracketed = match next()? {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        };
        // A window of one pane is synchronized with nothing.
        let alone = next()? == "1";
        let (location, command) = (next()?, next()?);
        let known = id.len() > 1 && id.starts_with('%') && id[1..].bytes().all(|byte| byte.is_ascii_digit());
        known.then(|| Self {
            id: id.to_owned(),
            pid,
            tty: tty.to_owned(),
            dead,
            in_mode,
            input_off,
            synchronized: synchronized && !alone,
            bracketed,
            location: location.to_owned(),
            command: command.to_owned(),
        })
    }

    /// Its id with where it is, for people.
    pub fn place(&self) -> String {
        format!("{} ({})", self.id, self.location)
    }

    /// A condition for `if-shell -F` that holds while the pane is this one, alive, out of every mode and alone.
    ///
    /// Checked by the server in the same breath as it carries the command out, so that nothing comes between.
    pub fn guard(&self) -> String {
        let conditions = [
            format!("#{{==:#{{pane_pid}},{}}}", self.pid),
            "#{==:#{pane_dead},0}".to_owned(),
            "#{==:#{pane_in_mode},0}".to_owned(),
            "#{==:#{pane_input_off},0}".to_owned(),
            "#{||:#{==:#{pane_synchronized},0},#{==:#{window_panes},1}}".to_owned(),
        ];
        // A name that means something in a format is compared beforehand alone.
        let plain = self.command.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        let command = plain.then(|| format!("#{{==:#{{pane_current_command}},{}}}", self.command));
        conditions.into_iter().chain(command).reduce(|all, one| format!("#{{&&:{all},{one}}}")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMAT, Pane};

    const LINE: &str = "%3\t42\t/dev/pts/4\t\t1\t0\t1\t\t2\tmain:1.0\tclaude";

    #[test]
    fn a_line_is_read_in_the_order_of_the_format() {
        let pane = Pane::parse(LINE).unwrap();
        assert_eq!((pane.id.as_str(), pane.pid, pane.tty.as_str()), ("%3", 42, "/dev/pts/4"));
        assert_eq!((pane.dead, pane.in_mode, pane.input_off, pane.synchronized), (false, true, false, true));
        assert_eq!((pane.bracketed, pane.command.as_str(), pane.place()), (None, "claude", "%3 (main:1.0)".to_owned()));
        assert_eq!(FORMAT.split('\t').count(), LINE.split('\t').count());
    }

    #[test]
    fn a_window_of_one_pane_is_synchronized_with_nothing() {
        assert!(!Pane::parse(&LINE.replace("\t2\t", "\t1\t")).unwrap().synchronized);
    }

    #[test]
    fn what_is_no_pane_is_none() {
        for line in ["", "%3", "3\t42\t/dev/pts/4\t0\t0\t0\t0\t\t1\tm:0.0\tsh", "%x\t42\t\t0\t0\t0\t0\t\t1\tm:0.0\tsh"]
        {
            assert_eq!(Pane::parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn the_guard_names_the_process_and_only_plain_commands() {
        let pane = Pane::parse(LINE).unwrap();
        assert!(pane.guard().contains("#{==:#{pane_pid},42}") && pane.guard().contains(",claude}"), "{}", pane.guard());
        let odd = Pane { command: "a,b}".to_owned(), ..pane };
        assert!(!odd.guard().contains("a,b"), "{}", odd.guard());
    }
}
