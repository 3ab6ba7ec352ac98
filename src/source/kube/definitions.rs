//! The schemas of the custom kinds that are watched, from their definitions.

use futures::{StreamExt, stream};
use kube::Client;
use kube::api::{DynamicObject, GetParams};
use kube::core::Resource;
use kube::core::request::Request;
use serde_json::Value;
use tokio::time::timeout;

use super::ANSWER;
use super::list_watch::resource;
use crate::domain::cluster::{Kind, Schemas, schemas};

/// Definitions that are asked for side by side: each is an answer of up to a megabyte.
const AT_ONCE: usize = 4;

/// The schemas of those kinds that have a definition. One that cannot be read is left out: what a schema says is a help to
/// judge by, and no reason to show less.
pub(super) async fn read(client: Client, kinds: &[Kind]) -> Schemas {
    let definition = Kind::custom_resource_definition();
    let request = Request::new(DynamicObject::url_path(&resource(&definition), None));
    let get = |name: String| {
        let http = request.get(&name, &GetParams::default());
        let client = client.clone();
        async move {
            let answer = timeout(ANSWER, client.request::<Value>(http.ok()?)).await;
            Some(schemas(&answer.ok()?.ok()?))
        }
    };
    // Kinds of the core and of old built-in groups have no dot in their group, and no definition.
    let custom = kinds.iter().filter(|kind| kind.group.contains('.'));
    let names: Vec<String> = custom.map(|kind| format!("{}.{}", kind.plural, kind.group)).collect();
    let found = stream::iter(names).map(get).buffer_unordered(AT_ONCE);
    found.filter_map(std::future::ready).concat().await
}
