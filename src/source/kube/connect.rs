//! The kubeconfig and the client made from it. Both may block (files, exec plugins), so both happen off the loop.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{ANSWER, ConfigFile, fault};
use crate::config::session::ClusterSpec;
use crate::domain::cluster::Connection;
use crate::domain::fault::Fault;
use crate::source::watch::{Behind, Root, Watch};

/// How long the kubeconfig, its certificates and its exec plugin may take together.
const BUILD: Duration = Duration::from_secs(15);

type Built = Result<Client, (Connection, Fault)>;

/// Builds clients for one context.
pub(super) struct Connector {
    context: Option<String>,
    file: ConfigFile,
    /// A build that did not end in time. Another one is not begun before it does.
    building: Option<JoinHandle<Built>>,
    /// The kubeconfig's.
    watch: Option<Watch>,
    expires: Option<Timestamp>,
}

/// The name under which a cluster is shown: of its context, of the kubeconfig's current one, or of its snapshot file.
///
/// Reads the kubeconfig when the context is not named; `None` when there is none to be found that way.
pub fn context_name(cluster: &ClusterSpec) -> Option<String> {
    match cluster {
        ClusterSpec::Context { context: Some(context), .. } => Some(context.clone()),
        ClusterSpec::Context { context: None, kubeconfig } => read(kubeconfig).ok()?.current_context,
        ClusterSpec::Snapshot(file) => Some(file.display().to_string()),
    }
}

/// The files that make up the kubeconfig: the one that is named, else those of `KUBECONFIG`, else the one at home.
fn files(file: Option<&PathBuf>) -> Vec<PathBuf> {
    let named = match (file, std::env::var_os("KUBECONFIG").filter(|files| !files.is_empty())) {
        (Some(file), _) => vec![file.clone()],
        (None, Some(files)) => std::env::split_paths(&files).filter(|file| !file.as_os_str().is_empty()).collect(),
        (None, None) => std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect(),
    };
    named.into_iter().map(|file| std::path::absolute(&file).unwrap_or(file)).collect()
}

/// Of several files the first says what two of them say, and one that is missing says nothing.
fn read(file: &ConfigFile) -> Result<Kubeconfig, KubeconfigError> {
    let mut merged: Option<Kubeconfig> = None;
    let files = files(file.as_ref());
    for file in files.iter().filter(|file| file.exists()) {
        let read = Kubeconfig::read_from(file)?;
        merged = Some(match merged {
            Some(merged) => merged.merge(read)?,
            None => read,
        });
    }
    match (merged, files.first()) {
        (Some(merged), _) => Ok(merged),
        (None, Some(missing)) => Kubeconfig::read_from(missing),
        (None, None) => Err(KubeconfigError::FindPath),
    }
}

impl Connector {
    pub(super) fn new(context: Option<String>, file: ConfigFile) -> Self {
        Self { context, file, building: None, watch: None, expires: None }
    }

    /// A client for the context, or why there is none.
    pub(super) async fn client(&mut self) -> Built {
        // The file is watched before it is read, so that it does not change unnoticed in between.
        match (&mut self.watch, &self.file) {
            (Some(watch), _) => watch.forget(),
            (None, file) => {
                let roots = files(file.as_ref()).into_iter().map(Root::flat);
                self.watch.insert(Watch::new(roots, Behind::Nothing)).changed().await;
            }
        }
        let mut building = self.building.take().unwrap_or_else(|| {
            let (context, file) = (self.context.clone(), self.file.clone());
            tokio::task::spawn_blocking(move || build(context, &file))
        });
        match timeout(BUILD, &mut building).await {
            Ok(Ok(built)) => {
                self.expires = built.as_ref().ok().and_then(|client| *client.valid_until());
                built
            }
            Ok(Err(panicked)) => Err((
                Connection::Unreachable,
                Fault::new("connecting to", self.name(), panicked, "refresh to try again"),
            )),
            Err(_) => {
                self.building = Some(building);
                let why = format!("its credentials were not there within {} s", BUILD.as_secs());
                let remedy = "check the exec plugin of this context by running it in a terminal";
                Err((Connection::Unauthorized, Fault::new("connecting to", self.name(), why, remedy)))
            }
        }
    }

    fn name(&self) -> &str {
        self.context.as_deref().unwrap_or("the current context")
    }

    /// True when the credentials of the last client are no longer good.
    pub(super) fn is_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= Timestamp::now())
    }

    /// Returns when the kubeconfig has changed since it was read.
    pub(super) async fn changed(&mut self) {
        match &mut self.watch {
            Some(watch) => {
                watch.changed().await;
            }
            None => std::future::pending().await,
        }
    }
}

fn build(context: Option<String>, file: &ConfigFile) -> Built {
    let name = context.clone().unwrap_or_else(|| "the current context".to_owned());
    let kubeconfig = read(file).map_err(|error| (Connection::None, config_fault(file, &error)))?;
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let config = futures::executor::block_on(Config::from_custom_kubeconfig(kubeconfig, &options));
    let mut config = config.map_err(|error| (Connection::None, config_fault(file, &error)))?;
    // Its default waits for minutes while the server answers 503 (15 retries, doubling): the worker retries itself.
    config.default_retry = false;
    config.connect_timeout = Some(ANSWER);
    config.write_timeout = Some(ANSWER);
    if let Some(exec) = config.auth_info.exec.as_mut() {
        // A plugin that inherits the terminal would write over the screen and read its keys.
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    Client::try_from(config).map_err(|error| (fault::connection_of(&error), fault::of("connecting to", &name, &error)))
}

fn config_fault(file: &ConfigFile, error: &KubeconfigError) -> Fault {
    let on = file.as_ref().map_or_else(|| "the kubeconfig".to_owned(), |file| file.display().to_string());
    let (why, remedy) = match error {
        KubeconfigError::ReadConfig(why, path) => {
            (format!("{}: {why}", path.display()), "set KUBECONFIG, or write the file")
        }
        KubeconfigError::FindPath => ("no kubeconfig was found".to_owned(), "set KUBECONFIG"),
        KubeconfigError::CurrentContextNotSet => {
            ("it has no current context".to_owned(), "name a context in the session's fabric")
        }
        KubeconfigError::LoadContext(context) => {
            (format!("it has no context {context:?}"), "run kubectl config get-contexts for those that it has")
        }
        other => (other.to_string().lines().next().unwrap_or_default().to_owned(), "correct the file"),
    };
    Fault::new("reading", on, why, remedy)
}
