//! Whether requests were answered all the time, by what the emulator saw of each route.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::Deserialize;

use crate::account::Account;

/// The routes of an account after one call.
#[derive(Debug, Deserialize)]
struct Sight {
    after: String,
    routes: Vec<Route>,
}

#[derive(Debug, Deserialize)]
struct Route {
    listener: String,
    conditions: String,
    healthy: bool,
}

impl Route {
    const fn keyed(&self) -> (Key<'_>, bool) {
        (
            (self.listener.as_str(), self.conditions.as_str()),
            self.healthy,
        )
    }
}

/// A route: a listener, and what a request is like.
type Key<'a> = (&'a str, &'a str);

impl Account {
    /// Forgets what was seen of the routes.
    pub fn forget_routes(&self) -> Result<()> {
        let path = format!("routes?account={}", self.id);
        self.emulator().delete(&path).map(drop)
    }

    /// The moments at which a route that is still wanted in the end was not answered any more. It may be
    /// answered at another listener: whoever moves there finds it.
    pub fn outages(&self) -> Result<Vec<String>> {
        let path = format!("routes?account={}", self.id);
        let sights: Vec<Sight> = serde_json::from_value(self.emulator().get(&path)?)?;
        Ok(outages(&sights))
    }
}

fn outages(sights: &[Sight]) -> Vec<String> {
    let conditions = |sight: &Sight| -> BTreeSet<String> {
        let routes = sight.routes.iter();
        routes.map(|route| route.conditions.clone()).collect()
    };
    let in_the_end = sights.last().map(conditions).unwrap_or_default();
    let mut answered: BTreeSet<Key<'_>> = BTreeSet::new();
    let mut found = Vec::new();
    for sight in sights {
        let now: BTreeMap<Key<'_>, bool> = sight.routes.iter().map(Route::keyed).collect();
        for (listener, conditions) in &answered {
            let elsewhere = || {
                now.iter()
                    .any(|((_, other), up)| other == conditions && *up)
            };
            let told = match now.get(&(*listener, *conditions)) {
                _ if !in_the_end.contains(*conditions) || elsewhere() => continue,
                Some(true) => continue,
                Some(false) => "has no healthy target",
                None => "is gone",
            };
            let after = &sight.after;
            found.push(format!("after {after}, {conditions} of {listener} {told}"));
        }
        answered.extend(now.into_iter().filter(|(_, up)| *up).map(|(key, _)| key));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(routes: &[(&str, &str, bool)]) -> Sight {
        let route = |(listener, conditions, healthy): &(&str, &str, bool)| Route {
            listener: (*listener).to_owned(),
            conditions: (*conditions).to_owned(),
            healthy: *healthy,
        };
        Sight {
            after: "UpdateService".to_owned(),
            routes: routes.iter().map(route).collect(),
        }
    }

    #[test]
    fn a_route_is_answered_from_the_first_healthy_target_on() {
        let up = sight(&[("one", "a", true)]);
        let starting = sight(&[("one", "a", false)]);
        assert_eq!(outages(&[starting, up]), [""; 0]);
        let down = sight(&[("one", "a", false)]);
        let up = sight(&[("one", "a", true)]);
        assert_eq!(outages(&[up, down]).len(), 1);
    }

    #[test]
    fn a_route_may_move_to_another_listener_when_that_answers() {
        let one = || sight(&[("one", "a", true)]);
        let both = sight(&[("one", "a", true), ("two", "a", true)]);
        let two = || sight(&[("two", "a", true)]);
        assert_eq!(outages(&[one(), both, two()]), [""; 0]);
        let none = sight(&[]);
        assert_eq!(outages(&[one(), none, two()]).len(), 1);
        assert_eq!(outages(&[one(), sight(&[])]), [""; 0]);
    }
}
