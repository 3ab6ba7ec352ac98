//! `hnpwb generate`: documents made from the program itself, so that they cannot go out of date.

use std::io::{self, ErrorKind, Write};

use clap_complete::Shell;

use super::output::{Exit, Failure};
use crate::config::schema;
use crate::domain::fault::Fault;

/// Arguments of `hnpwb generate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which document
    #[command(subcommand)]
    pub document: Document,
}

/// Documents that can be made.
#[derive(Debug, clap::Subcommand)]
pub enum Document {
    /// The manual page, of the program or of one subcommand
    Man {
        /// Subcommand
        command: Option<String>,
    },
    /// Completions for a shell
    Completions {
        /// Shell
        shell: Shell,
    },
    /// The table of keys, as Markdown
    Keys,
    /// The JSON Schema of a configuration file
    Schema {
        /// Which file
        #[arg(value_enum, default_value_t)]
        file: SchemaOf,
    },
}

/// Configuration files that have a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SchemaOf {
    /// `hnpwb.toml`, or `sessions/NAME.toml`
    #[default]
    Session,
    /// `config.toml`
    Config,
}

/// Prints the document. `command` is the whole command line of the program, `keys` the table of its keys, `actions` the names of
/// what they can stand for.
///
/// # Errors
/// The subcommand does not exist, or standard output cannot be written to: exit code 2.
pub fn run(args: &Args, command: &clap::Command, keys: &str, actions: &[&str]) -> Result<Exit, Failure> {
    let document = make(&args.document, command, (keys, actions)).map_err(|fault| Failure::new(Exit::Usage, fault))?;
    match io::stdout().lock().write_all(&document) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(error) => Err(Failure::new(Exit::Usage, Fault::new("writing to", "standard output", error, ""))),
        Ok(()) => Ok(Exit::Done),
    }
}

fn make(document: &Document, command: &clap::Command, (keys, actions): (&str, &[&str])) -> Result<Vec<u8>, Fault> {
    let mut text = Vec::new();
    match document {
        Document::Man { command: None } => render(command.clone(), &mut text)?,
        Document::Man { command: Some(name) } => {
            // Building fills in the full names (`hnpwb-drift`) that the pages carry.
            let mut whole = command.clone();
            whole.build();
            let Some(found) = whole.find_subcommand(name) else {
                let remedy = format!("run {} help", command.get_name());
                return Err(Fault::new("making the manual page of", name, "there is no such subcommand", remedy));
            };
            render(found.clone(), &mut text)?;
        }
        Document::Completions { shell } => {
            let name = command.get_name().to_owned();
            clap_complete::generate(*shell, &mut command.clone(), name, &mut text);
        }
        Document::Keys => text.extend_from_slice(keys.as_bytes()),
        Document::Schema { file } => {
            let schema = match file {
                SchemaOf::Session => schema::session(),
                SchemaOf::Config => schema::config(actions),
            };
            text.extend_from_slice(format!("{schema:#}\n").as_bytes());
        }
    }
    Ok(text)
}

fn render(command: clap::Command, text: &mut Vec<u8>) -> Result<(), Fault> {
    let name = command.get_name().to_owned();
    clap_mangen::Man::new(command)
        .render(text)
        .map_err(|error| Fault::new("making the manual page of", name, error, ""))
}

#[cfg(test)]
mod tests {
    use super::{Document, SchemaOf, make};
    use clap::Command;
    use clap_complete::Shell;

    fn made(document: &Document) -> String {
        let command = Command::new("hnpwb").about("A workbench").subcommand(Command::new("drift").about("Shows drift"));
        String::from_utf8(make(document, &command, ("| key | does |\n", &["quit"])).unwrap()).unwrap()
    }

    #[test]
    fn every_document_comes_from_the_program_itself() {
        assert!(made(&Document::Man { command: None }).contains("A workbench"));
        let page = made(&Document::Man { command: Some("drift".to_owned()) });
        assert!(page.contains("Shows drift") && page.contains(".TH hnpwb-drift"), "{page}");
        assert!(made(&Document::Completions { shell: Shell::Bash }).contains("drift"));
        assert_eq!(made(&Document::Keys), "| key | does |\n");
        let schema: serde_json::Value =
            serde_json::from_str(&made(&Document::Schema { file: SchemaOf::Config })).unwrap();
        assert_eq!(schema["properties"]["keys"]["additionalProperties"]["enum"][0], "quit");
    }

    #[test]
    fn an_unknown_subcommand_is_said_with_its_remedy() {
        let fault =
            make(&Document::Man { command: Some("x".to_owned()) }, &Command::new("hnpwb"), ("", &[])).unwrap_err();
        assert_eq!(fault.to_string(), "making the manual page of x: there is no such subcommand; run hnpwb help");
    }
}
