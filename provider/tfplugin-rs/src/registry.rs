//! What the provider offers, by name, with schemas that are built when they are first needed.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tfplugin_types::{Block, Schema, Type};

use crate::{DataSource, Function, Provider, Resource};

/// A provider and what it offers.
pub(crate) struct Registry {
    pub(crate) provider: Arc<dyn Provider>,
    own: OnceLock<Known>,
    offer: OnceLock<Offer>,
}

/// Resources, data sources and functions by name.
struct Offer {
    resources: BTreeMap<String, Arc<Entry<dyn Resource>>>,
    data_sources: BTreeMap<String, Arc<Entry<dyn DataSource>>>,
    functions: BTreeMap<String, Arc<dyn Function>>,
}

/// One resource or data source, with its schema.
pub(crate) struct Entry<T: ?Sized> {
    pub(crate) of: Arc<T>,
    known: OnceLock<Known>,
}

/// A schema and the type of its values.
pub(crate) struct Known {
    pub(crate) schema: Schema,
    pub(crate) ty: Type,
}

impl Known {
    fn new(schema: Schema) -> Self {
        let ty = schema.block.ty();
        Self { schema, ty }
    }

    pub(crate) const fn block(&self) -> &Block {
        &self.schema.block
    }
}

impl<T: ?Sized> Entry<T> {
    fn new(of: Arc<T>) -> Arc<Self> {
        Arc::new(Self {
            of,
            known: OnceLock::new(),
        })
    }
}

impl Entry<dyn Resource> {
    pub(crate) fn known(&self) -> &Known {
        self.known.get_or_init(|| Known::new(self.of.schema()))
    }
}

impl Entry<dyn DataSource> {
    pub(crate) fn known(&self) -> &Known {
        self.known.get_or_init(|| Known::new(self.of.schema()))
    }
}

impl Registry {
    pub(crate) fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            provider,
            own: OnceLock::new(),
            offer: OnceLock::new(),
        }
    }

    /// The schema of the `provider` block.
    pub(crate) fn own(&self) -> &Known {
        self.own.get_or_init(|| Known::new(self.provider.schema()))
    }

    fn offer(&self) -> &Offer {
        self.offer.get_or_init(|| Offer {
            resources: by_name(
                self.provider.resources(),
                |r| r.type_name().to_owned(),
                Entry::new,
            ),
            data_sources: by_name(
                self.provider.data_sources(),
                |d| d.type_name().to_owned(),
                Entry::new,
            ),
            functions: by_name(self.provider.functions(), |f| f.name().to_owned(), |f| f),
        })
    }

    pub(crate) fn resources(&self) -> &BTreeMap<String, Arc<Entry<dyn Resource>>> {
        &self.offer().resources
    }

    pub(crate) fn data_sources(&self) -> &BTreeMap<String, Arc<Entry<dyn DataSource>>> {
        &self.offer().data_sources
    }

    pub(crate) fn functions(&self) -> &BTreeMap<String, Arc<dyn Function>> {
        &self.offer().functions
    }
}

fn by_name<T: ?Sized, U>(
    all: Vec<Arc<T>>,
    name: impl Fn(&T) -> String,
    wrap: impl Fn(Arc<T>) -> U,
) -> BTreeMap<String, U> {
    all.into_iter().map(|one| (name(&one), wrap(one))).collect()
}
