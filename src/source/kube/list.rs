//! All objects of a kind, page by page: one page is read while the next one comes, and each object by itself, so that one
//! that cannot be read hides no other.

use kube::Client;
use kube::api::ListParams;
use kube::core::request::Request;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::task::{JoinHandle, spawn_blocking};

use super::agents::is_agent;
use super::answer::whole;
use super::list_watch::{End, built_badly, refused_or_lost};
use crate::domain::cluster::{Kind, LiveObject, Maker};
use crate::domain::fault::Fault;

/// Objects asked for at once; of Agents, each of which may have a hundred kilobytes, fewer.
const PAGE: u32 = 500;
const AGENTS: u32 = 50;
/// Objects of one kind at most; a kind that has more is refused, since half of it would show the other half as missing.
const OBJECTS: usize = 20_000;

/// What was listed.
pub(super) struct Listed {
    pub(super) objects: Vec<LiveObject>,
    /// How many more there are that cannot be read, and why the first of them cannot.
    pub(super) unread: Option<Fault>,
    /// Where a watch begins.
    pub(super) version: String,
}

/// The metadata of a list.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Head {
    resource_version: String,
    r#continue: String,
}

/// A page whose objects are left as text.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct HeadOnly {
    #[serde(default)]
    metadata: Head,
}

/// What became of one page.
struct Read {
    maker: Maker,
    objects: Vec<LiveObject>,
    unread: usize,
    why: Option<String>,
}

/// Lists a kind. The maker is lent to other threads, and comes back with the list.
pub(super) async fn list(client: &Client, kind: &Kind, request: &Request, maker: &mut Maker) -> Result<Listed, End> {
    let mut listed = Listed { objects: Vec::new(), unread: None, version: String::new() };
    let mut params = ListParams::default().limit(if is_agent(kind) { AGENTS } else { PAGE });
    let (mut unread, mut why) = (0, None);
    let mut reading: Option<JoinHandle<Result<Read, serde_json::Error>>> = None;
    let another = maker.another();
    let mut spare = Some(std::mem::replace(maker, another));
    loop {
        let http = request.list(&params).map_err(|error| End::Lost(built_badly(kind, &error)))?;
        let bytes = whole(client, http).await.map_err(|failure| refused_or_lost(kind, failure))?;
        let HeadOnly { metadata } = serde_json::from_slice(&bytes).map_err(|error| unreadable(kind, &error))?;
        if let Some(reading) = reading.take() {
            spare = Some(take(&mut listed, (&mut unread, &mut why), joined(kind, reading).await?));
        }
        let maker_of_page = spare.take().unwrap_or_else(|| maker.another());
        reading = Some(spawn_blocking(move || read(&bytes, maker_of_page)));
        if listed.objects.len() > OBJECTS {
            let why = format!("it has more than {OBJECTS} objects");
            return Err(End::Refused(Fault::new("listing", &kind.plural, why, "it is not watched")));
        }
        if metadata.r#continue.is_empty() {
            listed.version = metadata.resource_version;
            break;
        }
        params.continue_token = Some(metadata.r#continue);
    }
    if let Some(reading) = reading {
        *maker = take(&mut listed, (&mut unread, &mut why), joined(kind, reading).await?);
    }
    listed.unread = why.map(|why: String| unread_fault(kind, unread, &why));
    Ok(listed)
}

/// The fault of objects that are there and cannot be read.
pub(super) fn unread_fault(kind: &Kind, count: usize, why: &str) -> Fault {
    let on = if count == 1 { format!("one of the {}", kind.plural) } else { format!("{count} of the {}", kind.plural) };
    Fault::new("reading", on, why, "look at it with kubectl get -o json")
}

async fn joined(kind: &Kind, reading: JoinHandle<Result<Read, serde_json::Error>>) -> Result<Read, End> {
    match reading.await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(unreadable(kind, &error)),
        Err(error) => Err(End::Lost(Fault::new("listing", &kind.plural, error, ""))),
    }
}

fn take(listed: &mut Listed, (unread, why): (&mut usize, &mut Option<String>), read: Read) -> Maker {
    listed.objects.extend(read.objects);
    *unread += read.unread;
    if why.is_none() {
        *why = read.why;
    }
    read.maker
}

fn read(bytes: &[u8], mut maker: Maker) -> Result<Read, serde_json::Error> {
    let page: Page<'_> = serde_json::from_slice(bytes)?;
    let items = page.items.unwrap_or_default();
    let (mut objects, mut unread, mut why) = (Vec::with_capacity(items.len()), 0, None);
    for item in items {
        match serde_json::from_str::<Value>(item.get()).map(|item| maker.object(item)) {
            Ok(Some(object)) => objects.push(object),
            Ok(None) => {
                unread += 1;
                why.get_or_insert_with(|| "it has no name".to_owned());
            }
            Err(error) => {
                unread += 1;
                why.get_or_insert_with(|| error.to_string());
            }
        }
    }
    Ok(Read { maker, objects, unread, why })
}

fn unreadable(kind: &Kind, error: &serde_json::Error) -> End {
    End::Lost(Fault::new("listing", &kind.plural, error, "check what answers at the server's address"))
}
