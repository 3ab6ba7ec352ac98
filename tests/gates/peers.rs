//! The socket and other users: whoever gets past the modes of folder and file is sent away without a word, for the kernel says
//! who they are. Only root can be somebody else, so without root there is nothing to try.

use std::ffi::OsString;
use std::fs::{Permissions, set_permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use hnpwb::domain::gate::wire::{Answer, Request, encode};
use hnpwb::source::gates::client;

use crate::support::{Desk, push};

/// Names the socket to the other user's process.
const SOCKET: &str = "HNPWB_TEST_SOCKET_OF_ANOTHER_USER";
const NOBODY: u32 = 65_534;

/// What the process of the other user runs: this test binary again, as that user.
#[test]
fn a_client_that_another_user_runs() {
    let Some(socket) = std::env::var_os(SOCKET).filter(|socket: &OsString| !socket.is_empty()) else { return };
    let mut stream = UnixStream::connect(socket).expect("a connection: the modes let everybody in");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    // Whether it takes the request or hangs up before, nothing may come back.
    let request = encode(&Request::Gate(Box::new(push()))).expect("a line");
    let _ = stream.write_all(request.as_bytes());
    let mut heard = Vec::new();
    let over = match stream.read_to_end(&mut heard) {
        Ok(_) => true,
        // It hung up on what it had not read.
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    };
    writeln!(std::io::stdout().lock(), "over: {over}, heard: {}", heard.len()).expect("somebody who reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_another_user_is_refused_and_not_answered() {
    if std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() != 0) {
        return;
    }
    let desk = Desk::open();
    let socket = desk.socket();
    // The modes keep others out; they are taken away here, as if they had failed.
    for (path, mode) in
        [(desk.dir.path(), 0o755), (socket.parent().expect("a folder"), 0o755), (socket.as_path(), 0o666)]
    {
        set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
    }
    let client = tokio::task::spawn_blocking({
        let socket = socket.clone();
        move || {
            // Whatever folder the binary is in, this name of it needs no way there.
            Command::new("/proc/self/exe")
                .args(["--exact", "peers::a_client_that_another_user_runs", "--nocapture"])
                .env(SOCKET, socket)
                .current_dir("/")
                .uid(NOBODY)
                .gid(NOBODY)
                .output()
        }
    });
    let output = client.await.expect("the thread").expect("the process");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("over: true, heard: 0"), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let listed = tokio::task::spawn_blocking(move || client::ask(&socket, &Request::List, Duration::from_secs(20)));
    match listed.await.expect("the thread") {
        Ok(Answer::Gates { gates }) => assert!(gates.is_empty(), "{gates:?}"),
        other => panic!("its own user is served: {other:?}"),
    }
}
