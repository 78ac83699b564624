//! The nodes of a server as seen from the database, and what there is to worry about. Pure.

use chrono::TimeDelta;

use crate::kernel::time::Instant;

/// A node without a sign of life for so long is gone.
pub const ALIVE: TimeDelta = TimeDelta::seconds(60);
/// Nodes may differ for so long before it is an alarm.
pub const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    /// Digest of the engine and the default pack.
    pub shipped: String,
    /// Since when it runs that.
    pub since: Instant,
    pub seen_at: Instant,
}

/// What a node runs for one organization; nothing is known of one that was never asked there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub node: String,
    /// The newest release it has.
    pub number: i64,
    pub problem: Option<String>,
    pub since: Instant,
}

/// Those that are there.
pub fn alive(nodes: Vec<Node>, now: Instant) -> Vec<Node> {
    let is_alive = |node: &Node| now - node.seen_at <= ALIVE;
    nodes.into_iter().filter(is_alive).collect()
}

/// Whether nodes have run different programs or default packs for longer than a change takes.
pub fn disagreement(nodes: &[Node], now: Instant) -> Option<String> {
    let first = nodes.first()?;
    let other = nodes.iter().find(|node| node.shipped != first.shipped)?;
    let since = nodes.iter().map(|node| node.since).max()?;
    (now - since > PATIENCE).then(|| {
        format!(
            "nodes {} and {} do not run the same rules as shipped: the same event may be judged differently",
            first.name, other.name
        )
    })
}

/// Which nodes have not come to the newest release a minute after it was activated.
pub fn laggards(
    nodes: &[Node],
    running: &[Running],
    newest: i64,
    activated_at: Option<Instant>,
    now: Instant,
) -> Vec<String> {
    let due = activated_at.is_some_and(|at| now - at > PATIENCE);
    let behind = running.iter().filter(|one| {
        let is_there = nodes.iter().any(|node| node.name == one.node);
        is_there && due && one.number < newest
    });
    behind
        .map(|one| {
            let why = one.problem.as_deref().unwrap_or("it has not said why");
            format!(
                "node {} runs release {}, not {newest}: {why}",
                one.node, one.number
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Instant {
        chrono::DateTime::from_timestamp(second, 0).unwrap()
    }

    fn node(name: &str, shipped: &str, since: i64, seen: i64) -> Node {
        Node {
            name: name.into(),
            shipped: shipped.into(),
            since: at(since),
            seen_at: at(seen),
        }
    }

    #[test]
    fn an_update_may_take_a_minute() {
        let nodes = [node("a", "1", 0, 100), node("b", "2", 100, 100)];
        assert_eq!(disagreement(&nodes, at(160)), None);
        assert!(disagreement(&nodes, at(161)).unwrap().contains("a and b"));
        assert_eq!(disagreement(&nodes[..1], at(999)), None);
        assert_eq!(disagreement(&[], at(999)), None);
        let left = alive(nodes.to_vec(), at(161));
        assert!(left.is_empty());
        assert_eq!(
            disagreement(&[node("a", "1", 0, 0), node("b", "1", 0, 0)], at(999)),
            None
        );
    }

    #[test]
    fn only_a_living_node_can_lag() {
        let nodes = [node("a", "1", 0, 100)];
        let running = |node: &str, number, problem: Option<&str>| Running {
            node: node.into(),
            number,
            problem: problem.map(str::to_owned),
            since: at(0),
        };
        let all = [running("a", 1, Some("broken")), running("gone", 1, None)];
        assert!(laggards(&nodes, &all, 2, Some(at(50)), at(110)).is_empty());
        let said = laggards(&nodes, &all, 2, Some(at(50)), at(111));
        assert_eq!(said, ["node a runs release 1, not 2: broken"]);
        assert!(laggards(&nodes, &all, 1, Some(at(0)), at(999)).is_empty());
        assert!(laggards(&nodes, &all, 2, None, at(999)).is_empty());
    }
}
