//! One kube-apiserver with its etcd for all tests of this binary, and others for tests that stop theirs.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::Status;
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::skip::skip;

/// Tokens of a user who may do everything and of one who may only read VPCs.
pub const ADMIN: &str = "admin-for-tests";
const LIMITED: &str = "limited-for-tests";

/// Starts etcd and the API server, and ends both when its standard input ends: with the test process, however that ends.
const KEEPER: &str = r#"
assets=$1; dir=$2; etcd=$3; peer=$4; api=$5; shift 5
"$assets/etcd" --data-dir "$dir/etcd" --listen-client-urls "http://127.0.0.1:$etcd" \
  --advertise-client-urls "http://127.0.0.1:$etcd" --listen-peer-urls "http://127.0.0.1:$peer" >"$dir/etcd.log" 2>&1 &
one=$!
serve() {
  "$assets/kube-apiserver" --etcd-servers="http://127.0.0.1:$etcd" --secure-port="$api" --bind-address=127.0.0.1 \
    --cert-dir="$dir/certs" --service-account-issuer="https://127.0.0.1:$api" --service-account-key-file="$dir/sa.key" \
    --service-account-signing-key-file="$dir/sa.key" --token-auth-file="$dir/tokens.csv" --authorization-mode=RBAC \
    --client-ca-file="$dir/ca.crt" --service-cluster-ip-range=10.0.0.0/24 \
    --disable-admission-plugins=ServiceAccount "$@" >>"$dir/api.log" 2>&1 &
  two=$!
}
serve "$@"
while read -r word; do
  case $word in
    stop) kill -KILL "$two"; wait "$two" ;;
    start) serve "$@" ;;
  esac
done
kill -KILL "$two" "$one"
wait
rm -rf "$dir"
"#;

/// A running API server.
pub struct Server {
    pub port: u16,
    /// Where its etcd listens.
    etcd: u16,
    pub folder: PathBuf,
    /// Its standard input is held open, and takes orders.
    keeper: Child,
}

/// The server of this binary; `None`, said once per test, when there are no assets to start it from.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| assets().map(|assets| start(&assets, &[]))).as_ref();
    if server.is_none() {
        skip("KUBEBUILDER_ASSETS is not set");
    }
    server
}

/// A server for one test, which may stop it; `None`, said once, when there are no assets to start it from.
pub fn own_server() -> Option<Server> {
    own_server_with(&[])
}

/// The same with these arguments for the API server.
pub fn own_server_with(arguments: &[&str]) -> Option<Server> {
    let server = assets().map(|assets| start(&assets, arguments));
    if server.is_none() {
        skip("KUBEBUILDER_ASSETS is not set");
    }
    server
}

/// The folder that envtest's variable names.
pub fn assets() -> Option<PathBuf> {
    std::env::var_os("KUBEBUILDER_ASSETS").filter(|assets| !assets.is_empty()).map(PathBuf::from)
}

fn start(assets: &Path, arguments: &[&str]) -> Server {
    let folder = tempfile::tempdir().expect("a temporary folder").keep();
    let key = Command::new("openssl").args(["genrsa", "2048"]).stderr(Stdio::null()).output().expect("openssl runs");
    std::fs::write(folder.join("sa.key"), key.stdout).expect("the key is written");
    let tokens = format!("{ADMIN},admin,1,\"system:masters\"\n{LIMITED},limited,2\n");
    std::fs::write(folder.join("tokens.csv"), tokens).expect("the tokens are written");
    certify(&folder);
    let [etcd, peer, port] = free_ports();
    let keeper = Command::new("sh")
        .args(["-c", KEEPER, "keeper"])
        .args([assets, &folder])
        .args([etcd, peer, port].map(|port| port.to_string()))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh runs");
    let server = Server { port, etcd, folder, keeper };
    let prepared = std::thread::scope(|scope| {
        // The caller may be inside a runtime, in which another one must not block.
        let prepare = scope.spawn(|| tokio::runtime::Runtime::new().expect("a runtime").block_on(server.prepare()));
        prepare.join()
    });
    prepared.expect("the server is prepared");
    server
}

/// Makes an authority for clients (`ca.crt`), and a client that may do everything (`client.crt`, `client.key`).
fn certify(folder: &Path) {
    let make = "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=clients -days 2 && \
                openssl req -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj /O=system:masters/CN=admin && \
                openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out client.crt -days 2 \
                -extfile extensions";
    // Without an extension it would be one of version 1, which TLS libraries refuse.
    std::fs::write(folder.join("extensions"), "basicConstraints=CA:FALSE\n").expect("the extensions are written");
    let made = Command::new("sh").args(["-c", make]).current_dir(folder).stderr(Stdio::null()).status();
    assert!(made.is_ok_and(|status| status.success()), "openssl makes certificates");
}

fn free_ports() -> [u16; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("its address").port())
}

/// A kubeconfig with the context `test`, for the user who may do everything or for the limited one.
pub fn kubeconfig(port: u16, limited: bool) -> String {
    let token = if limited { LIMITED } else { ADMIN };
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters:\n- name: test\n  cluster:\n    server: \
         https://127.0.0.1:{port}\n    insecure-skip-tls-verify: true\ncontexts:\n- name: test\n  context: {{cluster: test, \
         user: test}}\nusers:\n- name: test\n  user: {{token: {token}}}\n"
    )
}

impl Server {
    /// A client of the user who may do everything.
    pub async fn client(&self) -> Client {
        let kubeconfig = Kubeconfig::from_yaml(&kubeconfig(self.port, false)).expect("a kubeconfig");
        let config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.expect("a configuration");
        Client::try_from(config).expect("a client")
    }

    /// Kills the API server; etcd goes on.
    pub fn stop(&mut self) {
        self.tell("stop");
    }

    /// Starts it again.
    pub fn start(&mut self) {
        self.tell("start");
    }

    /// Forgets every version of every object but the latest, as a server does by itself every five minutes.
    pub async fn compact(&self) {
        let status = self.ask_etcd("/v3/maintenance/status", "{}").await;
        let revision = status["header"]["revision"].as_str().expect("a revision").to_owned();
        let order = json!({ "revision": revision, "physical": true }).to_string();
        let done = self.ask_etcd("/v3/kv/compaction", &order).await;
        assert!(done["header"].is_object(), "{done}");
    }

    /// One question to etcd's gateway for JSON.
    async fn ask_etcd(&self, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.etcd)).await.expect("etcd");
        // Of this version an answer comes in one piece, and ends with the connection.
        let request = format!(
            "POST {path} HTTP/1.0\r\nHost: etcd\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {answer}"))
    }

    /// How often VPCs were listed.
    pub async fn lists_of_vpcs(&self) -> u64 {
        let request = hyper::Request::get("/metrics").body(Vec::new()).expect("a request");
        let text = self.client().await.request_text(request).await.expect("metrics");
        let ours = |line: &&str| {
            let parts = ["apiserver_request_total{", "resource=\"vpcs\"", "verb=\"LIST\""];
            parts.iter().all(|part| line.contains(part))
        };
        let counts = text.lines().filter(ours).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        counts.sum()
    }

    fn tell(&mut self, word: &str) {
        let orders = self.keeper.stdin.as_mut().expect("it takes orders");
        writeln!(orders, "{word}").and_then(|()| orders.flush()).expect("the keeper runs");
    }

    /// Waits until it is ready.
    async fn ready(&self, client: &Client) {
        let ready = timeout(Duration::from_secs(120), async {
            loop {
                let request = hyper::Request::get("/readyz").body(Vec::new()).expect("a request");
                match client.request_text(request).await {
                    Ok(answer) if answer == "ok" => return,
                    _ => sleep(Duration::from_millis(200)).await,
                }
            }
        });
        if ready.await.is_err() {
            let log = std::fs::read_to_string(self.folder.join("api.log")).unwrap_or_default();
            let _ = std::io::stderr().write_all(log.as_bytes());
            panic!("the API server did not become ready");
        }
    }

    /// Waits until it is ready, and puts the custom kinds and the limited user's rights into it.
    async fn prepare(&self) {
        self.ready(&self.client().await).await;
        for file in ["vpc.yaml", "connection.yaml"] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/crds").join(file);
            let text = std::fs::read(&file).expect("the fixture");
            for object in hnpwb::domain::manifest::load(&file, &text).objects {
                self.create(std::sync::Arc::unwrap_or_clone(object.value)).await;
            }
        }
        self.create(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "limited" },
            "rules": [{ "apiGroups": ["vpc.githedgehog.com"], "resources": ["vpcs"], "verbs": ["get", "list", "watch"] }],
        }))
        .await;
        self.create(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": "limited" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "limited" },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited" }],
        }))
        .await;
    }

    /// An API for objects like this one.
    async fn api(&self, object: &Value) -> Api<DynamicObject> {
        let text = |field: &str| object[field].as_str().expect(field).to_owned();
        let (version, kind) = (text("apiVersion"), text("kind"));
        let (group, version) = version.rsplit_once('/').unwrap_or(("", &version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
        match object["metadata"]["namespace"].as_str() {
            Some(namespace) => Api::namespaced_with(self.client().await, namespace, &resource),
            None => Api::all_with(self.client().await, &resource),
        }
    }

    /// Creates an object; waits for its kind to be served and its namespace to be there.
    pub async fn create(&self, object: Value) {
        let api = self.api(&object).await;
        let object: DynamicObject = serde_json::from_value(object).expect("an object");
        let created = timeout(Duration::from_secs(60), async {
            loop {
                match api.create(&PostParams::default(), &object).await {
                    Ok(_) => return,
                    Err(kube::Error::Api(status)) if is_early(&status) => sleep(Duration::from_millis(100)).await,
                    Err(error) => panic!("{error}"),
                }
            }
        });
        created.await.expect("it is created in time");
    }

    /// Applies an object on the server as this manager.
    pub async fn apply(&self, object: &Value, manager: &str) {
        let name = object["metadata"]["name"].as_str().expect("a name");
        let parameters = PatchParams::apply(manager).force();
        self.api(object).await.patch(name, &parameters, &Patch::Apply(object)).await.expect("it is applied");
    }

    /// Merges a change into an object.
    pub async fn merge(&self, object: &Value, change: &Value) {
        let name = object["metadata"]["name"].as_str().expect("a name");
        let patch = Patch::Merge(change);
        self.api(object).await.patch(name, &PatchParams::default(), &patch).await.expect("it is merged");
    }

    /// Deletes an object.
    pub async fn delete(&self, object: &Value) {
        let name = object["metadata"]["name"].as_str().expect("a name");
        let _ = self.api(object).await.delete(name, &kube::api::DeleteParams::default()).await.expect("it is deleted");
    }
}

/// True for refusals that pass: a kind that is not served yet, a server that still starts.
fn is_early(status: &Status) -> bool {
    matches!(status.code, 404 | 429 | 503)
}
