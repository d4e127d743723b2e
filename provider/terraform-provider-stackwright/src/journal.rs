//! What a run has begun, written down before it begins: a journal in SSM.
//!
//! State is stored when Terraform has the answer of an apply. A run that is killed before that has
//! made objects that no state knows. So an apply that is about to make objects says so first: which
//! resource, and of which kinds. The next run reads it, and an apply of that resource looks for
//! objects with its tags: what the configuration wants is taken over, the rest is deleted. Objects
//! without tags are written down one by one.
//!
//! The journal of a run is deleted at its very end, when Terraform has all answers. The state of a
//! resource names the run that has applied it last: an entry of that run says nothing new.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stackwright_aws::{Aws, AwsError, Recorded, TEXT_LIMIT, delete_texts, texts_below, write_text};
use stackwright_plan::{Key, Kind, ResourceId, Scope};
use tokio::sync::OnceCell;

/// Where the journal is kept.
#[async_trait]
pub(crate) trait Store: Send + Sync {
    /// Names and texts of everything that is kept.
    async fn all(&self) -> Result<Vec<(String, String)>, AwsError>;

    /// Keeps a text under a name.
    async fn write(&self, name: &str, text: &str) -> Result<(), AwsError>;

    /// Forgets names.
    async fn delete(&self, names: &[String]) -> Result<(), AwsError>;
}

/// Parameters below the path of the environment.
pub(crate) struct Parameters {
    pub(crate) aws: Arc<Aws>,
    pub(crate) path: String,
}

impl Parameters {
    /// Those of a scope.
    pub(crate) fn of(scope: &Scope, aws: Arc<Aws>) -> Self {
        let path = format!(
            "/stackwright/{}/{}/.journal",
            scope.project, scope.environment
        );
        Self { aws, path }
    }
}

#[async_trait]
impl Store for Parameters {
    async fn all(&self) -> Result<Vec<(String, String)>, AwsError> {
        texts_below(&self.aws, &self.path).await
    }

    async fn write(&self, name: &str, text: &str) -> Result<(), AwsError> {
        write_text(&self.aws, &format!("{}/{name}", self.path), text).await
    }

    async fn delete(&self, names: &[String]) -> Result<(), AwsError> {
        let name = |name: &String| format!("{}/{name}", self.path);
        let names: Vec<String> = names.iter().map(name).collect();
        delete_texts(&self.aws, &names).await
    }
}

/// The journal of one root: this run's, and what earlier runs have left.
pub(crate) struct Journal {
    store: Box<dyn Store>,
    owner: String,
    run: String,
    lines: Mutex<Lines>,
    written: tokio::sync::Mutex<Written>,
    earlier: OnceCell<Vec<Page>>,
}

/// What this run has written down, in order.
#[derive(Default)]
struct Lines {
    all: Vec<Line>,
    /// Resources whose entries of earlier runs say nothing any more.
    settled: BTreeSet<ResourceId>,
    /// Resources whose apply has not come to its end, and whether it has begun: before, nothing was made.
    open: BTreeMap<ResourceId, bool>,
}

/// How much of it is kept already.
#[derive(Default)]
struct Written {
    lines: usize,
    pages: usize,
    /// The first line of the last page, which may still grow.
    last: usize,
}

/// One parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Page {
    owner: String,
    run: String,
    lines: Vec<Line>,
    #[serde(skip)]
    name: String,
}

/// One thing that was about to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// A resource was about to be applied; of these kinds it might make objects with its tags.
    Apply { id: String, kinds: Vec<Kind> },
    /// An object without tags was about to be made.
    Make { id: String, made: Made },
    /// A component was about to need others, which its recorded object does not need.
    Need {
        id: String,
        key: Key,
        needs: BTreeSet<Key>,
    },
}

/// What is written down of an apply before it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Begun {
    /// Kinds of objects that it may make with its tags.
    pub(crate) kinds: BTreeSet<Kind>,
    /// What components will need besides what their recorded objects need.
    pub(crate) needs: BTreeMap<Key, BTreeSet<Key>>,
}

/// An object without tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// The component.
    pub(crate) key: Key,
    /// Its kind.
    pub(crate) kind: Kind,
    /// By what it is found.
    pub(crate) outputs: Recorded,
    /// What it needs, so that it is deleted before that.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) needs: BTreeSet<Key>,
}

/// What an earlier run may have left of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Interrupted {
    /// Kinds of objects that carry its tags.
    pub(crate) kinds: BTreeSet<Kind>,
    /// Objects without tags.
    pub(crate) made: Vec<Made>,
    /// What components may need since then.
    pub(crate) needs: BTreeMap<Key, BTreeSet<Key>>,
}

impl Line {
    fn id(&self) -> &str {
        match self {
            Self::Apply { id, .. } | Self::Make { id, .. } | Self::Need { id, .. } => id,
        }
    }
}

impl Journal {
    /// The journal of a root, with a new run.
    pub(crate) fn new(store: Box<dyn Store>, owner: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanos = now.map_or(0, |now| now.as_nanos());
        Self::of_run(store, owner, format!("{nanos:x}-{}", std::process::id()))
    }

    fn of_run(store: Box<dyn Store>, owner: &str, run: String) -> Self {
        Self {
            store,
            owner: owner.to_owned(),
            run,
            lines: Mutex::default(),
            written: tokio::sync::Mutex::default(),
            earlier: OnceCell::new(),
        }
    }

    /// The name of this run, for the state of what it applies.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// What earlier runs may have left of a resource. `known` is the run that its state names.
    pub(crate) async fn interrupted(
        &self,
        id: &ResourceId,
        known: Option<&str>,
    ) -> Result<Option<Interrupted>, AwsError> {
        let text = id.to_string();
        let mut found = None;
        let lines = self.earlier().await?.iter();
        let lines = lines.flat_map(|page| page.lines.iter().map(move |line| (page, line)));
        for (page, line) in lines.filter(|(_, line)| line.id() == text) {
            if known == Some(page.run.as_str()) {
                self.settled(id);
                continue;
            }
            let found: &mut Interrupted = found.get_or_insert_default();
            match line {
                Line::Apply { kinds, .. } => found.kinds.extend(kinds),
                Line::Make { made, .. } => found.made.push(made.clone()),
                Line::Need { key, needs, .. } => {
                    let known = found.needs.entry(key.clone()).or_default();
                    known.extend(needs.iter().cloned());
                }
            }
        }
        Ok(found)
    }

    /// Ids of everything that earlier runs have left.
    pub(crate) async fn left(&self) -> Result<BTreeSet<String>, AwsError> {
        let lines = self.earlier().await?.iter().flat_map(|page| &page.lines);
        Ok(lines.map(|line| line.id().to_owned()).collect())
    }

    async fn earlier(&self) -> Result<&Vec<Page>, AwsError> {
        let read = || async {
            let all = match self.store.all().await {
                // Whoever may read only a part of the account can plan all the same. An apply says
                // what is missing, when it writes.
                Err(error @ AwsError::Denied { .. }) => {
                    tracing::warn!(%error, "the journal of earlier runs cannot be read");
                    Vec::new()
                }
                all => all?,
            };
            let all = all.into_iter();
            let pages = all.filter_map(|(name, text)| {
                // What is not ours to understand is not ours to judge.
                let page: Page = serde_json::from_str(&text).ok()?;
                Some(Page { name, ..page })
            });
            let ours = |page: &Page| page.owner == self.owner && page.run != self.run;
            Ok(pages.filter(ours).collect())
        };
        self.earlier.get_or_try_init(read).await
    }

    /// Writes down that a resource is about to be applied. Returns when it is kept.
    pub(crate) async fn begin(&self, id: &ResourceId, begun: Begun) -> Result<(), AwsError> {
        self.lock().open.insert(id.clone(), false);
        self.write_down(id, begun).await?;
        self.lock().open.insert(id.clone(), true);
        Ok(())
    }

    async fn write_down(&self, id: &ResourceId, begun: Begun) -> Result<(), AwsError> {
        let id = id.to_string();
        let need = |(key, needs)| Line::Need {
            id: id.clone(),
            key,
            needs,
        };
        let mut lines: Vec<Line> = begun.needs.into_iter().map(need).collect();
        let kinds = begun.kinds.into_iter().collect();
        lines.push(Line::Apply { id, kinds });
        self.add(lines).await
    }

    /// Writes down that an object without tags is about to be made. Returns when it is kept.
    pub(crate) async fn making(&self, id: &ResourceId, made: Made) -> Result<(), AwsError> {
        let id = id.to_string();
        self.add(vec![Line::Make { id, made }]).await
    }

    /// The apply of a resource has come to its end: its state says what exists.
    pub(crate) fn ended(&self, id: &ResourceId) {
        self.lock().open.remove(id);
    }

    /// What earlier runs have left of a resource is in its state now, or gone.
    pub(crate) fn settled(&self, id: &ResourceId) {
        self.lock().settled.insert(id.clone());
    }

    async fn add(&self, new: Vec<Line>) -> Result<(), AwsError> {
        let wanted = {
            let mut lines = self.lock();
            lines.all.extend(new);
            lines.all.len()
        };
        // Whoever waits here meanwhile is written with the next one.
        let mut written = self.written.lock().await;
        if written.lines >= wanted {
            return Ok(());
        }
        let lines = self.lock().all.clone();
        let full = written.pages.saturating_sub(1);
        for (at, (first, text)) in self.pages(&lines, written.last).into_iter().enumerate() {
            let page = full + at;
            self.store.write(&self.name(page), &text).await?;
            written.pages = page + 1;
            written.last = first;
        }
        written.lines = lines.len();
        Ok(())
    }

    fn name(&self, page: usize) -> String {
        format!("{}-{page}", self.run)
    }

    /// The texts of the lines from one on, each as long as a parameter takes, with its first line.
    fn pages(&self, lines: &[Line], from: usize) -> Vec<(usize, String)> {
        let page = |lines: &[Line]| {
            let page = Page {
                owner: self.owner.clone(),
                run: self.run.clone(),
                lines: lines.to_vec(),
                name: String::new(),
            };
            // Plain data: writing it cannot fail.
            serde_json::to_string(&page).unwrap_or_default()
        };
        let (mut pages, mut first) = (Vec::new(), from);
        for at in from..lines.len() {
            if at > first && page(&lines[first..=at]).len() > TEXT_LIMIT {
                pages.push((first, page(&lines[first..at])));
                first = at;
            }
        }
        if first < lines.len() {
            pages.push((first, page(&lines[first..])));
        }
        pages
    }

    /// Terraform has all answers: nothing of this run has to be remembered any more, unless an apply was
    /// abandoned in the middle.
    pub(crate) async fn close(&self) -> Result<(), AwsError> {
        let written = std::mem::take(&mut *self.written.lock().await);
        let (settled, is_open) = {
            let mut lines = self.lock();
            let is_open = lines.open.values().any(|begun| *begun);
            (std::mem::take(&mut lines.settled), is_open)
        };
        let settled: BTreeSet<String> = settled.iter().map(ToString::to_string).collect();
        // A page that was being written when its apply was abandoned is not counted yet.
        let being_written = usize::from(self.lock().all.len() > written.lines);
        let pages = if is_open {
            0
        } else {
            written.pages + being_written
        };
        let mut gone: Vec<String> = (0..pages).map(|page| self.name(page)).collect();
        for page in self.earlier.get().into_iter().flatten() {
            let mut left = page.clone();
            left.lines.retain(|line| !settled.contains(line.id()));
            let name = page.name.rsplit('/').next().unwrap_or_default();
            if left.lines.is_empty() {
                gone.push(name.to_owned());
            } else if left.lines.len() < page.lines.len() {
                let text = serde_json::to_string(&left).unwrap_or_default();
                self.store.write(name, &text).await?;
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        self.store.delete(&gone).await
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[derive(Clone, Default)]
    struct Shelf(Arc<Mutex<BTreeMap<String, String>>>);

    #[async_trait]
    impl Store for Shelf {
        async fn all(&self) -> Result<Vec<(String, String)>, AwsError> {
            let texts = self.0.lock().unwrap().clone();
            Ok(texts
                .into_iter()
                .map(|(name, text)| (format!("/path/{name}"), text))
                .collect())
        }

        async fn write(&self, name: &str, text: &str) -> Result<(), AwsError> {
            assert!(
                text.len() <= TEXT_LIMIT,
                "SSM takes no {} bytes",
                text.len()
            );
            self.0
                .lock()
                .unwrap()
                .insert(name.to_owned(), text.to_owned());
            Ok(())
        }

        async fn delete(&self, names: &[String]) -> Result<(), AwsError> {
            self.0
                .lock()
                .unwrap()
                .retain(|name, _| !names.contains(name));
            Ok(())
        }
    }

    fn run(shelf: &Shelf, owner: &str, run: &str) -> Journal {
        Journal::of_run(Box::new(shelf.clone()), owner, run.to_owned())
    }

    fn id(name: &str) -> ResourceId {
        ResourceId::new("router", format!("stage/{name}"))
    }

    fn made(name: &str) -> Made {
        Made {
            key: "alias".into(),
            kind: Kind::DnsRecord,
            outputs: Recorded::from([("id".to_owned(), name.to_owned())]),
            needs: BTreeSet::new(),
        }
    }

    #[tokio::test]
    async fn the_next_run_knows_what_was_begun() {
        let shelf = Shelf::default();
        let first = run(&shelf, "acme/stage", "1");
        let keys = |names: &[&str]| names.iter().map(|name| Key::from(*name)).collect();
        let begun = Begun {
            kinds: BTreeSet::from([Kind::LoadBalancer]),
            needs: BTreeMap::from([("rule".into(), keys(&["group", "listener"]))]),
        };
        first.begin(&id("a"), begun.clone()).await.unwrap();
        first.making(&id("a"), made("x")).await.unwrap();
        let second = run(&shelf, "acme/stage", "2");
        let found = second.interrupted(&id("a"), None).await.unwrap().unwrap();
        assert_eq!((found.kinds, found.needs), (begun.kinds, begun.needs));
        assert_eq!(found.made, [made("x")]);
        assert_eq!(second.interrupted(&id("b"), None).await.unwrap(), None);
        let known = second.interrupted(&id("a"), Some("1")).await.unwrap();
        assert_eq!(known, None, "the state knows that run");
        second.close().await.unwrap();
        assert!(shelf.0.lock().unwrap().is_empty(), "it says nothing new");
    }

    #[tokio::test]
    async fn an_apply_that_is_abandoned_before_it_began_leaves_nothing() {
        let shelf = Shelf::default();
        let first = run(&shelf, "acme/stage", "1");
        first.lock().open.insert(id("a"), false);
        let line = Line::Apply {
            id: id("a").to_string(),
            kinds: Vec::new(),
        };
        // The page has arrived, and its answer has not.
        first.store.write("1-0", "{}").await.unwrap();
        first.lock().all.push(line);
        first.close().await.unwrap();
        assert!(shelf.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_abandoned_apply_is_remembered() {
        let shelf = Shelf::default();
        let first = run(&shelf, "acme/stage", "1");
        first.begin(&id("a"), Begun::default()).await.unwrap();
        first.begin(&id("b"), Begun::default()).await.unwrap();
        first.ended(&id("b"));
        first.close().await.unwrap();
        let second = run(&shelf, "acme/stage", "2");
        assert!(second.interrupted(&id("a"), None).await.unwrap().is_some());
        let known = second.interrupted(&id("b"), Some("1")).await.unwrap();
        assert_eq!(known, None, "its state says what exists");
        second.settled(&id("a"));
        second.close().await.unwrap();
        assert!(shelf.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn other_roots_are_not_asked() {
        let shelf = Shelf::default();
        let other = run(&shelf, "acme/other", "1");
        other.begin(&id("a"), Begun::default()).await.unwrap();
        let ours = run(&shelf, "acme/stage", "2");
        assert_eq!(ours.interrupted(&id("a"), None).await.unwrap(), None);
        ours.settled(&id("a"));
        ours.close().await.unwrap();
        assert_eq!(shelf.0.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_run_that_ends_leaves_nothing_and_takes_what_it_has_settled() {
        let shelf = Shelf::default();
        let killed = run(&shelf, "acme/stage", "1");
        killed.begin(&id("a"), Begun::default()).await.unwrap();
        killed.begin(&id("b"), Begun::default()).await.unwrap();
        let next = run(&shelf, "acme/stage", "2");
        next.interrupted(&id("a"), None).await.unwrap().unwrap();
        next.begin(&id("a"), Begun::default()).await.unwrap();
        next.ended(&id("a"));
        next.settled(&id("a"));
        next.close().await.unwrap();
        let last = run(&shelf, "acme/stage", "3");
        assert_eq!(
            last.left().await.unwrap(),
            BTreeSet::from([id("b").to_string()])
        );
        last.settled(&id("b"));
        last.close().await.unwrap();
        assert!(shelf.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_long_journal_has_several_pages() {
        let shelf = Shelf::default();
        let long = run(&shelf, "acme/stage", "1");
        for at in 0..200 {
            long.making(&id("a"), made(&format!("{at:040}")))
                .await
                .unwrap();
        }
        assert!(shelf.0.lock().unwrap().len() > 3);
        let next = run(&shelf, "acme/stage", "2");
        let found = next.interrupted(&id("a"), None).await.unwrap().unwrap();
        assert_eq!(found.made.len(), 200);
    }

    #[tokio::test]
    async fn what_comes_together_is_written_together() {
        let shelf = Shelf::default();
        let journal = run(&shelf, "acme/stage", "1");
        let names: Vec<String> = (0..20).map(|at| at.to_string()).collect();
        let begun = names.iter().map(|name| {
            let id = id(name);
            let journal = &journal;
            async move { journal.begin(&id, Begun::default()).await }
        });
        futures_util::future::try_join_all(begun).await.unwrap();
        let next = run(&shelf, "acme/stage", "2");
        assert_eq!(next.left().await.unwrap().len(), 20);
    }
}
