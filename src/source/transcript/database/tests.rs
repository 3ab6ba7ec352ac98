//! Sessions of a real SQLite database with OpenCode's tables.

use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{of_file, parts};
use crate::domain::transcript::format::by_path;
use crate::source::transcript::store::{files, open, stat};

const TABLES: &str = "
PRAGMA journal_mode = WAL;
CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, directory text NOT NULL,
  title text NOT NULL, version text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL);
CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);
CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL,
  time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
INSERT INTO session VALUES ('ses_1', 'p', NULL, '/work', 'Fix', '1.2', 1000, 2000), ('ses_2', 'p', 'ses_1', '/work', 'Look', '1.2', 1000, 1500);
INSERT INTO message VALUES ('m1', 'ses_1', 1001, 1001, '{\"role\":\"user\",\"time\":{\"created\":1001}}');
INSERT INTO part VALUES ('p1', 'm1', 'ses_1', 1001, 1001, '{\"type\":\"text\",\"text\":\"Fix\\nit\"}');
INSERT INTO message VALUES ('m2', 'ses_1', 1002, 1002, '{\"role\":\"assistant\",\"time\":{\"created\":1002}}');
INSERT INTO part VALUES ('p2', 'm2', 'ses_1', 1003, 1003, '{\"type\":\"tool\",\"tool\":\"bash\",\"callID\":\"c\",\"state\":{\"status\":\"running\",\"input\":{\"command\":\"ls\"},\"time\":{\"start\":1003}}}');
INSERT INTO part VALUES ('p3', 'm2', 'ses_1', 1004, 1004, '{\"type\":\"text\",\"text\":\"half a sen\",\"time\":{\"start\":1004}}');
INSERT INTO part VALUES ('p4', 'm2', 'ses_1', 1004, 1004, 'no json');
";

fn database(folder: &Path) -> (PathBuf, Connection) {
    let file = folder.join("opencode.db");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch(TABLES).unwrap();
    (file, connection)
}

fn lines(session: &Path) -> Vec<String> {
    let mut stored = open(session, by_path(session).unwrap()).unwrap();
    let mut text = String::new();
    stored.lines.rewind().unwrap();
    stored.lines.read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_session_is_lines_in_the_order_in_which_things_were_complete_and_only_grows() {
    let folder = tempfile::tempdir().unwrap();
    let (file, connection) = database(folder.path());
    let session = file.join("ses_1");
    let before = lines(&session);
    let kinds: Vec<&str> = before.iter().map(|line| line.split('"').nth(3).unwrap()).collect();
    assert_eq!(kinds, ["session", "text", "message", "call"], "what is still being written waits");
    connection
        .execute_batch(
            "UPDATE part SET data = json_set(data, '$.state.status', 'completed', '$.state.output', 'a', '$.state.time.end', 1005) WHERE id = 'p2';
             UPDATE part SET data = json_set(data, '$.text', 'half a sentence', '$.time.end', 1006) WHERE id = 'p3';
             UPDATE message SET data = json_set(data, '$.time.completed', 1007) WHERE id = 'm2';",
        )
        .unwrap();
    let after = lines(&session);
    assert_eq!(after[..before.len()], before);
    let kinds: Vec<&str> = after[before.len()..].iter().map(|line| line.split('"').nth(3).unwrap()).collect();
    assert_eq!(kinds, ["result", "text", "message"]);
}

#[test]
fn sessions_are_found_and_told_apart_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (file, connection) = database(folder.path());
    let found = of_file(&file).unwrap().sessions().unwrap();
    let names: Vec<_> = found.iter().map(|(path, _)| path.strip_prefix(&file).unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["ses_1", "ses_2"]);
    assert_ne!(found[0].1.identity, found[1].1.identity);
    let format = by_path(&found[0].0).unwrap();
    assert_eq!(stat(&found[0].0, format).unwrap(), Some(found[0].1));
    assert!(stat(&file.join("ses_9"), format).is_err());
    assert_eq!(files(&found[0].0, format), [file.clone(), folder.path().join("opencode.db-wal")]);
    assert!(of_file(&folder.path().join("opencode.db-wal")).is_some() && of_file(&found[0].0).is_none());
    assert!(parts(&file, format).is_none());
    // A writer is not held up by our having looked.
    connection.execute("UPDATE session SET time_updated = 3000 WHERE id = 'ses_2'", ()).unwrap();
    drop(connection);
    let content = fs::read(&file).unwrap();
    lines(&file.join("ses_1"));
    assert_eq!(fs::read(&file).unwrap(), content);
}

#[test]
fn a_file_that_is_no_database_is_an_error_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("opencode.db");
    fs::write(&file, "not a database").unwrap();
    assert!(of_file(&file).unwrap().sessions().is_err());
    assert!(open(&file.join("ses_1"), by_path(&file.join("ses_1")).unwrap()).is_err());
}
